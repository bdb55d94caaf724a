import type { RawRequest } from '../../core/request/egress_request.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { envoy } from '../../gen/envoy.js';
import { readHeaders, readResponseHeaders } from './header_list.ts';

const { ProcessingRequest } = envoy.service.ext_proc.v3;

/** Envoy holds at most 16 MiB of a body; the rest is its own description. */
export const PROC_BYTES_MAX = 17 * 1024 * 1024;

/** One message of Envoy about one request. `isLast`: its sender says nothing more. Envoy's types end here. */
export type ProcMessage =
  | ({ readonly kind: 'request_headers'; readonly headers: RawRequest['headers'] } & Framing)
  | ({
      readonly kind: 'response_headers';
      readonly status: number;
      /** `destination`: what it answered. `too_large`: Envoy itself, because it can hold no more of the body. */
      readonly origin: 'destination' | 'too_large' | 'envoy';
      readonly headers: RawRequest['headers'];
    } & Framing)
  | ({ readonly kind: 'request_body' | 'response_body'; readonly body: Uint8Array } & Framing)
  | ({ readonly kind: 'request_trailers' | 'response_trailers' } & Framing);

interface Framing {
  readonly isLast: boolean;
  /** What the Check gave along. */
  readonly pending?: string;
}

export type ProcProblem = 'PROC_TOO_LARGE' | 'PROC_UNDECODABLE' | 'PROC_HEADERS';

/** Reads the bytes of an `envoy.service.ext_proc.v3.ProcessingRequest`. Never throws. */
export function decodeProcMessage(bytes: Uint8Array): Result<ProcMessage, ProcProblem> {
  if (bytes.length > PROC_BYTES_MAX) return fail('PROC_TOO_LARGE');
  const message = messageOf(bytes);
  if (message === undefined) return fail('PROC_UNDECODABLE');
  const pending = pendingOf(message);
  const framing = (isLast: boolean): Framing => ({ isLast, ...(pending === undefined ? {} : { pending }) });
  switch (message.request) {
    case 'requestHeaders': {
      const read = readHeaders(message.requestHeaders?.headers?.headers ?? []);
      if (!read.ok) return fail('PROC_HEADERS');
      const isLast = message.requestHeaders?.endOfStream === true;
      return ok({ kind: 'request_headers', headers: read.value.headers, ...framing(isLast) });
    }
    case 'responseHeaders': {
      const read = readResponseHeaders(message.responseHeaders?.headers?.headers ?? []);
      if (!read.ok) return fail('PROC_HEADERS');
      const isLast = message.responseHeaders?.endOfStream === true;
      return ok({ kind: 'response_headers', ...read.value, origin: originOf(message), ...framing(isLast) });
    }
    case 'requestBody':
      return ok({
        kind: 'request_body',
        ...bodyOf(message.requestBody),
        ...framing(isEnd(message.requestBody)),
      });
    case 'responseBody':
      return ok({
        kind: 'response_body',
        ...bodyOf(message.responseBody),
        ...framing(isEnd(message.responseBody)),
      });
    case 'requestTrailers':
      return ok({ kind: 'request_trailers', ...framing(true) });
    case 'responseTrailers':
      return ok({ kind: 'response_trailers', ...framing(true) });
    default:
      return fail('PROC_UNDECODABLE');
  }
}

type Message = envoy.service.ext_proc.v3.ProcessingRequest.$Properties;
type Body = envoy.service.ext_proc.v3.HttpBody.$Properties | null | undefined;

function messageOf(bytes: Uint8Array): Message | undefined {
  try {
    return ProcessingRequest.decode(bytes);
  } catch {
    // The decoder throws on truncated or malformed input; there is nothing more to say about such bytes.
    return undefined;
  }
}

function bodyOf(body: Body): { body: Uint8Array } {
  return { body: body?.body ?? new Uint8Array() };
}

function isEnd(body: Body): boolean {
  return body?.endOfStream === true;
}

const ORIGINS: ReadonlyMap<string, 'destination' | 'too_large'> = new Map([
  ['via_upstream', 'destination'],
  ['request_payload_too_large', 'too_large'],
]);

function originOf({ attributes }: Message): 'destination' | 'too_large' | 'envoy' {
  const said = attributes?.['envoy.filters.http.ext_proc']?.fields?.['response.code_details']?.stringValue;
  return ORIGINS.get(said ?? '') ?? 'envoy';
}

function pendingOf({ metadataContext }: Message): string | undefined {
  const said = metadataContext?.filterMetadata?.['envoy.filters.http.ext_authz'];
  return said?.fields?.['pending']?.stringValue ?? undefined;
}
