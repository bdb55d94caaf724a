import type { BodyFacts } from '../../../../src/core/contract/body_facts.ts';
import type { InspectionFinding } from '../../../../src/core/receipt/inspection_facts.ts';
import { envoy } from '../../../../src/gen/envoy.js';
import { decodeProcMessage } from '../../../../src/server/codec/ext_proc_message.ts';
import { Admission } from '../../../../src/server/inspect/admission.ts';
import type { InspectDependencies } from '../../../../src/server/inspect/dependencies.ts';
import { Exchange } from '../../../../src/server/inspect/exchange.ts';
import { type PendingTicket, sealPending } from '../../../../src/server/inspect/pending_ticket.ts';
import type {
  AnswerReader,
  BodyInspector,
  ReadStep,
  RequestFinding,
  RequestJob,
  RequestReader,
} from '../../../../src/server/inspect/ports.ts';
import type { InspectionNotice, Snapshot } from '../../../../src/server/ports.ts';
import { bench, mac } from '../fakes.ts';

type Wire = envoy.service.ext_proc.v3.ProcessingRequest.$Properties;
export type Reply = ReturnType<typeof replyOf>;

export const FACTS: BodyFacts = { state: 'complete', bytes: 2, format: 'json' };
const PASSED: ReadStep = { forward: new Uint8Array(), facts: [] };

/** One conversation with everything around it scripted; `log` holds what happened in its order. */
export function world(current: () => Snapshot, ticket: PendingTicket, prepare: { bytesMax?: number } = {}) {
  const { deps, recorder, errors } = bench(current);
  const log: string[] = [];
  const replies: Reply[] = [];
  const notices: InspectionNotice[] = [];
  const admission = new Admission(prepare.bytesMax ?? 32_000_000);
  const script = {
    finding: async (_job: RequestJob): Promise<RequestFinding> => ({ facts: FACTS }),
    streamed: (): RequestReader => ({
      facts: { state: 'streamed', bytes: 0, format: 'json_lines' },
      feed: async (chunk) => ({ ...PASSED, forward: chunk }),
      abort: async () => PASSED,
    }),
    answer: (): AnswerReader => ({ way: 'pass', feed: async () => PASSED, abort: async () => PASSED }),
  };
  const inspector: BodyInspector = {
    request: (job) => script.finding(job),
    streamed: () => script.streamed(),
    response: () => script.answer(),
  };
  const append = recorder.append.bind(recorder);
  const inspecting: InspectDependencies = {
    ...deps,
    ...{ inspector, admission },
    recorder: {
      append: async (proposal) => {
        const answer = await append(proposal);
        log.push(`recorded ${proposal.draft.verdict} ${proposal.draft.reason}`);
        return answer;
      },
      inspect: async (notice) => {
        notices.push(notice);
        await new Promise((resolve) => setTimeout(resolve, 5));
        log.push(`inspected ${notice.facts.state}`);
      },
    },
    metrics: {},
  };
  const exchange = new Exchange(
    inspecting,
    { node: 'envoy-1', epoch: 'e1' },
    {
      reply: (bytes) => {
        replies.push(replyOf(bytes));
        log.push(`replied ${replies.at(-1)?.response}`);
      },
      fail: () => log.push('failed'),
      cut: () => log.push('cut'),
      slow: () => log.push('slow'),
    },
  );
  const pending = sealPending(ticket, mac) ?? '';
  const say = async (message: Wire): Promise<void> => {
    const wire = { ...message, metadataContext: metadata(pending) };
    const decoded = decodeProcMessage(envoy.service.ext_proc.v3.ProcessingRequest.encode(wire).finish());
    if (!decoded.ok) throw new Error(decoded.problem);
    await exchange.hear(decoded.value);
  };
  return { exchange, say, script, log, replies, recorder, notices, admission, errors };
}

function metadata(pending: string) {
  const fields = { held: { stringValue: 'stamp-of-this-run' }, pending: { stringValue: pending } };
  return { filterMetadata: { 'envoy.filters.http.ext_authz': { fields } } };
}

export function replyOf(bytes: Uint8Array) {
  const reply = envoy.service.ext_proc.v3.ProcessingResponse.decode(bytes);
  const inspected = reply.dynamicMetadata?.fields?.['cg.inspected']?.structValue?.fields ?? {};
  const one = reply.requestHeaders ?? reply.requestBody ?? reply.responseHeaders ?? reply.responseBody;
  const changed = reply.immediateResponse?.headers ?? one?.response?.headerMutation;
  const body = reply.immediateResponse?.body ?? one?.response?.bodyMutation?.body;
  return {
    response: reply.response,
    stamp: inspected['stamp']?.stringValue ?? undefined,
    rid: inspected['rid']?.stringValue ?? undefined,
    status: reply.immediateResponse?.status?.code ?? undefined,
    headers: Object.fromEntries(
      (changed?.setHeaders ?? []).map(({ header }) => [
        header?.key ?? '',
        Buffer.from(header?.rawValue ?? []).toString('latin1'),
      ]),
    ),
    text: body === undefined || body === null ? undefined : Buffer.from(body).toString('utf8'),
    mode: reply.modeOverride ?? undefined,
  };
}

const header = (key: string, value: string) => ({ key, rawValue: Buffer.from(value) });
export const requestHeaders = (isLast = false, more: Record<string, string> = {}): Wire => ({
  requestHeaders: {
    headers: { headers: [header(':method', 'POST'), ...Object.entries(more).map(([k, v]) => header(k, v))] },
    endOfStream: isLast,
  },
});
export const requestBody = (text: string, isLast = true): Wire => ({
  requestBody: { body: Buffer.from(text), endOfStream: isLast },
});
export const responseBody = (text: string, isLast = true): Wire => ({
  responseBody: { body: Buffer.from(text), endOfStream: isLast },
});
export const responseHeaders = (isLast = false, details = 'via_upstream', status = '200'): Wire => ({
  responseHeaders: { headers: { headers: [header(':status', status)] }, endOfStream: isLast },
  attributes: {
    'envoy.filters.http.ext_proc': { fields: { 'response.code_details': { stringValue: details } } },
  },
});

export function finding(state: InspectionFinding['state'], index = 0): InspectionFinding {
  const digest = '0'.repeat(64);
  const sizes = { bytes_in: 0, bytes_out: 0, digest_in: digest, digest_out: digest };
  return { part: 'response', state, index, format: 'sse', ...sizes };
}
