import { NO_ROOM } from '../../core/contract/recorded_problem.ts';
import type { RawRequest } from '../../core/request/egress_request.ts';
import type { ReasonCode } from '../../core/verdict/reasons.ts';
import type { DenialAnswer } from '../codec/answer.ts';
import type { ProcAnswer } from '../codec/ext_proc_reply.ts';
import { strippedHeaders } from '../codec/stripped.ts';
import type { Appended } from '../judging.ts';
import { recordedDenial, refusedDenial, unrecordedDenial } from '../reply.ts';
import { heldBack, type Seat } from '../sleepers.ts';
import type { Admitted } from './admission.ts';
import type { Allowed } from './answer_side.ts';
import { callOf, seenBody } from './body_call.ts';
import { type BodyWay, bodyWay, PIECES_BYTES } from './body_way.ts';
import type { InspectDependencies } from './dependencies.ts';
import { forwardReply, leftForAnswer } from './forwarding.ts';
import { recordStep } from './inspection_records.ts';
import { judgeBody, type Look, recordBusy, recordLate, type Settled } from './judge_body.ts';
import type { PendingTicket } from './pending_ticket.ts';
import type { ReadStep, RequestReader } from './ports.ts';

/** Exactly where a decision was recorded that allows, or our own answer. */
export type Decided =
  | { readonly allowed: Allowed; readonly reply: Omit<ProcAnswer, 'to'> }
  | { readonly denial: DenialAnswer };

export type RequestPiece = { readonly reply: Omit<ProcAnswer, 'to'> } | { readonly denial: DenialAnswer };

const NOTHING = new Uint8Array();

/** One request whose body decides, from its headers to the decision, and on while it is read piece by piece. */
export class RequestSide {
  readonly #deps: InspectDependencies;
  readonly #ticket: PendingTicket;
  readonly #headers: RawRequest['headers'];
  readonly #way: BodyWay;
  readonly #room: Admitted | undefined;
  #reader: RequestReader | undefined;
  #allowed: Settled | undefined;
  /** Bytes that wait with the reader. */
  #kept = 0;

  /** Takes the room for the body, if there is any. */
  constructor(
    deps: InspectDependencies,
    ticket: PendingTicket,
    { headers, isLast }: { readonly headers: RawRequest['headers']; readonly isLast: boolean },
  ) {
    this.#deps = deps;
    this.#ticket = ticket;
    const ours = new Set(strippedHeaders(headers));
    this.#headers = headers.filter(({ name }) => !ours.has(name));
    this.#way = bodyWay(ticket.demands, headers, isLast);
    const { tenant_id, agent_id } = ticket.owner;
    this.#room = deps.admission.admit(`${tenant_id}/${agent_id}`, this.#way.bytes);
  }

  get way(): BodyWay['way'] | 'busy' {
    return this.#room === undefined ? 'busy' : this.#way.way;
  }

  /** Looks and records. `body`: all of it; of what is read piece by piece nothing. */
  decide(body: Uint8Array = NOTHING): Promise<Decided> {
    const { way } = this.#way;
    if (way === 'too_large') return this.decideTooLarge();
    return this.#settle(async (demands, snapshot) => {
      const job = {
        ...{ request: this.#ticket.request, headers: this.#headers, demands },
        schemaOf: (hash: string) => snapshot.policy.schemaOf(hash),
      };
      if (way !== 'streamed') return { body, ...(await this.#deps.inspector.request({ ...job, body })) };
      await this.#reader?.abort('client');
      this.#reader = this.#deps.inspector.streamed(job);
      return { facts: this.#reader.facts };
    });
  }

  decideTooLarge(): Promise<Decided> {
    return this.#decideProblem('BODY_TOO_LARGE', this.#way.announced);
  }

  /** What trailers say nobody judges. */
  decideTrailers(body: Uint8Array): Promise<Decided> {
    return this.#decideProblem('TRAILERS_REFUSED', body.length);
  }

  /** It takes too long, or it has gone: recorded as the body that never came. */
  async late(): Promise<DenialAnswer> {
    this.#room?.release();
    const appended = await recordLate(this.#deps, this.#ticket);
    const call = callOf(this.#ticket, this.#deps.clock.monoUs(), seenBody(this.#deps, this.#ticket, {}));
    const proposal = { draft: this.#ticket.draft, ops: [] };
    this.#deps.metrics.inspected?.(reasonOf(appended), isRecorded(appended), 0);
    return appended.ok
      ? recordedDenial(call, proposal, appended.value)
      : refusedDenial(call, proposal, appended.problem);
  }

  /** The next piece of a body that was allowed before it came. */
  async read(chunk: Uint8Array, isLast: boolean): Promise<RequestPiece> {
    const reader = this.#reader;
    if (reader === undefined || this.#allowed === undefined)
      throw new Error('invariant: a body that nobody reads');
    const isCrowded = !this.#keep(this.#kept + chunk.length);
    const step = await reader.feed(chunk, isLast, isCrowded);
    this.#kept = step.kept ?? 0;
    this.#keep(this.#kept);
    const isOver = await recordStep(this.#deps, this.#ticket.draft.receipt_id, step);
    if (isOver || isLast) this.#end();
    if (step.end === 'cut' || step.end === 'blocked') return { denial: this.#broken(this.#allowed, step) };
    return { reply: Buffer.compare(step.forward, chunk) === 0 ? {} : { body: step.forward } };
  }

  /** Room for so much of a body that is read piece by piece. */
  #keep(bytes: number): boolean {
    return this.#room?.resize(Math.max(PIECES_BYTES, bytes)) !== false;
  }

  /** Nothing more of it comes. Safe at any time. */
  async close(): Promise<void> {
    const reader = this.#reader;
    const isRead = reader !== undefined && this.#allowed !== undefined;
    this.#end();
    const step = await reader?.abort('client');
    if (isRead && step !== undefined) await recordStep(this.#deps, this.#ticket.draft.receipt_id, step);
  }

  #decideProblem(code: string, bytes: number): Promise<Decided> {
    const facts = { state: 'complete', bytes, format: 'other', problem: { code } } as const;
    return this.#settle(async () => ({ facts }));
  }

  async #settle(look: Look): Promise<Decided> {
    const { deps, ticket } = { deps: this.#deps, ticket: this.#ticket };
    const startedUs = deps.clock.monoUs();
    const seat = deps.sleepers.seat();
    try {
      const settled =
        this.#room === undefined
          ? await recordBusy(deps, ticket, startedUs, seat)
          : await judgeBody(deps, ticket, startedUs, this.#patient(look), seat);
      const { appended } = settled;
      const durationUs = deps.clock.monoUs() - startedUs;
      deps.metrics.inspected?.(reasonOf(appended), isRecorded(appended), durationUs);
      return await this.#answer(settled, seat);
    } finally {
      seat.leave();
      if (this.#way.way !== 'streamed') this.#room?.release();
    }
  }

  async #answer(settled: Settled, seat: Seat): Promise<Decided> {
    const { appended, call, proposal, judged } = settled;
    if (!appended.ok) return { denial: refusedDenial(call, proposal, appended.problem) };
    const recorded = appended.value;
    if (!(await heldBack(this.#deps.metrics, seat, recorded)))
      return { denial: unrecordedDenial(call, 'RECORDER_BUSY') };
    if (recorded.verdict !== 'allow') return { denial: recordedDenial(call, proposal, recorded) };
    // Repeated across a policy change: an allow that would not be given now is not handed out again.
    if (judged?.verdict.verdict !== 'allow') return { denial: unrecordedDenial(call, 'STALE_SNAPSHOT') };
    this.#allowed = settled;
    const isStreamed = this.#reader !== undefined;
    return {
      allowed: leftForAnswer(settled, judged, recorded),
      reply: forwardReply(this.#deps.settings.stamp, settled, judged, recorded, isStreamed),
    };
  }

  /** Whoever looks may be overrun, or fall over what it reads: then nobody has looked. */
  #patient(look: Look): Look {
    return async (demands, snapshot) => {
      try {
        return await look(demands, snapshot);
      } catch (err) {
        const { receipt_id } = this.#ticket.draft;
        this.#deps.log.error({ err, receipt_id }, 'a body could not be looked at');
        return undefined;
      }
    };
  }

  #broken({ call, appended }: Settled, { facts }: ReadStep): DenialAnswer {
    const isCrowded = facts.some(({ problem }) => problem?.code === NO_ROOM);
    const answer = unrecordedDenial(call, isCrowded ? 'INSPECT_BUSY' : 'BODY_INVALID');
    if (!appended.ok) return answer;
    return { ...answer, receipt: { id: appended.value.receipt_id, leafHash: appended.value.leaf_hash } };
  }

  #end(): void {
    this.#reader = undefined;
    this.#room?.release();
  }
}

function reasonOf(appended: Appended): ReasonCode {
  if (appended.ok) return appended.value.reason;
  return typeof appended.problem === 'object' ? appended.problem.reason : appended.problem;
}

function isRecorded(appended: Appended): boolean {
  return appended.ok || typeof appended.problem === 'object';
}
