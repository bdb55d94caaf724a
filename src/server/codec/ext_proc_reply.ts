import { INSPECTION_DETAILS } from '../../core/receipt/read_end.ts';
import { REASONS } from '../../core/verdict/reasons.ts';
import { envoy, type google } from '../../gen/envoy.js';
import type { DenialAnswer } from './answer.ts';
import { denialHeaders, type HeaderOption } from './answer_headers.ts';
import type { ProcMessage } from './ext_proc_message.ts';
import { FOLDED_RECEIPT } from './folded_receipt.ts';
import { problemBody } from './problem_body.ts';

const { ProcessingResponse } = envoy.service.ext_proc.v3;
const { ProcessingMode } = envoy.extensions.filters.http.ext_proc.v3;
const { SEND, SKIP } = ProcessingMode.HeaderSendMode;
const { NONE, STREAMED, BUFFERED } = ProcessingMode.BodySendMode;
const BODY_MODES = { none: NONE, streamed: STREAMED, buffered: BUFFERED } as const;

/** Lets a message go on, perhaps changed. */
export interface ProcAnswer {
  /** What is answered. */
  readonly to: ProcMessage['kind'];
  /** Replace what is there. */
  readonly set?: readonly HeaderOption[];
  readonly remove?: readonly string[];
  /** In place of what came; may be empty. Of bodies alone. */
  readonly body?: Uint8Array;
  /** What the guard behind asks for. Exactly where a recorded allow stands behind it. */
  readonly inspected?: { readonly stamp: string; readonly rid: string };
  /** What Envoy is to send from here on. */
  readonly mode?: { readonly request: keyof typeof BODY_MODES; readonly response: keyof typeof BODY_MODES };
}

/** Bytes of the `ProcessingResponse` that lets a message go on. The only place that writes the second stamp. */
export function encodeProceed({ to, set = [], remove = [], body, inspected, mode }: ProcAnswer): Uint8Array {
  const headerMutation =
    set.length + remove.length === 0
      ? {}
      : { headerMutation: { setHeaders: raw(set), removeHeaders: [...remove] } };
  const bodyMutation =
    body === undefined ? {} : { bodyMutation: body.length === 0 ? { clearBody: true } : { body } };
  const response = { response: { ...headerMutation, ...bodyMutation } };
  return ProcessingResponse.encode({
    ...REPLIES[to](response, headerMutation),
    ...(inspected === undefined ? {} : { dynamicMetadata: inspectedMetadata(inspected) }),
    ...(mode === undefined ? {} : { modeOverride: modeOf(mode) }),
  }).finish();
}

/** Bytes of the `ProcessingResponse` that answers in place of the destination. */
export function encodeProcDenial(denial: DenialAnswer): Uint8Array {
  const code: number = REASONS[denial.reason].status;
  const rid = denial.receipt?.id ?? (denial.folded === true ? FOLDED_RECEIPT : undefined);
  const status = code === 401 && denial.mode === 'explicit' ? 407 : code;
  return ProcessingResponse.encode({
    immediateResponse: {
      status: { code: status },
      headers: { setHeaders: raw(denialHeaders(denial, status)) },
      body: Buffer.from(problemBody(denial, status), 'utf8'),
      // By this beginning Envoy knows an answer of ours from its own.
      details: `${INSPECTION_DETAILS}${denial.reason.toLowerCase()}`,
    },
    ...(rid === undefined ? {} : { dynamicMetadata: inspectedMetadata({ rid }) }),
  }).finish();
}

type Reply = envoy.service.ext_proc.v3.ProcessingResponse.$Properties;
type Mutated = { response: envoy.service.ext_proc.v3.CommonResponse.$Properties };
type Trailers = envoy.service.ext_proc.v3.TrailersResponse.$Properties;

const REPLIES: Readonly<Record<ProcMessage['kind'], (mutated: Mutated, trailers: Trailers) => Reply>> = {
  request_headers: (requestHeaders) => ({ requestHeaders }),
  response_headers: (responseHeaders) => ({ responseHeaders }),
  request_body: (requestBody) => ({ requestBody }),
  response_body: (responseBody) => ({ responseBody }),
  request_trailers: (_, requestTrailers) => ({ requestTrailers }),
  response_trailers: (_, responseTrailers) => ({ responseTrailers }),
};

/** Exactly what our configuration allows: Envoy overhears any other. Trailers end what is read piece by piece. */
function modeOf({ request, response }: NonNullable<ProcAnswer['mode']>) {
  return {
    requestHeaderMode: SEND,
    responseHeaderMode: SEND,
    requestBodyMode: BODY_MODES[request],
    responseBodyMode: BODY_MODES[response],
    requestTrailerMode: request === 'streamed' ? SEND : SKIP,
    responseTrailerMode: response === 'streamed' ? SEND : SKIP,
  };
}

function inspectedMetadata(values: Readonly<Record<string, string>>): google.protobuf.Struct.$Properties {
  const fields: Record<string, google.protobuf.Value.$Properties> = {};
  for (const [name, value] of Object.entries(values)) fields[name] = { stringValue: value };
  return { fields: { 'cg.inspected': { structValue: { fields } } } };
}

/** This filter takes values as bytes alone. */
function raw(options: readonly HeaderOption[]): HeaderOption[] {
  return options.map(({ header, ...option }) => ({
    ...option,
    header: { key: header?.key ?? '', rawValue: Buffer.from(header?.value ?? '', 'latin1') },
  }));
}
