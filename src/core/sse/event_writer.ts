import { utf8Encode } from '../canonical/utf8.ts';
import { fail, ok, type Result } from '../result.ts';
import type { SsePlace } from './event.ts';

/** Who reads the stream: each family of client libraries takes another event for the end of a call. */
export type CutDialect = 'openai' | 'anthropic' | 'gemini' | 'jsonrpc' | 'other';

export interface PolicyCut {
  readonly dialect: CutDialect;
  /** For people: what was refused, without the content that was. */
  readonly message: string;
  /** A stable reason code of ours. */
  readonly reason: string;
  readonly receipt_id?: string;
  /** `jsonrpc` only: the request that the stream answers. */
  readonly rpc_id?: string | number;
}

/** JSON-RPC leaves -32000 to -32019 to implementations. */
const RPC_CODE = -32_003;

/**
 * The event that ends a stream which policy cuts, so that the provider's own library raises its API error:
 * - OpenAI: any data with a truthy `error` raises, whatever the event is called (Python looks at nothing else).
 * - Anthropic: only an event called `error` raises; `error.type` becomes the type of the exception.
 * - Gemini: `error` raises where its `code` is an HTTP status of 4xx or 5xx.
 * - JSON-RPC (MCP, A2A): an error response to the request; MCP clients look at events called `message` alone.
 *
 * Only between two events: inside of one, bytes of ours would complete what nobody judged. Break the connection there;
 * clients drop an event without its empty line. No empty line stands in front: OpenAI's Python library makes an event
 * of every empty line once an id was set. A CR is completed, because some clients wait for what follows it.
 */
export function writePolicyCut(place: SsePlace, cut: PolicyCut): Result<Uint8Array, 'INSIDE_EVENT'> {
  if (place === 'inside') return fail('INSIDE_EVENT');
  const type = cut.dialect === 'jsonrpc' ? 'message' : 'error';
  const event = writeEvent({ type, data: JSON.stringify(bodyOf(cut)) });
  return ok(utf8Encode(`${place === 'between_after_cr' ? '\n' : ''}${event}`));
}

function bodyOf({ dialect, message, reason, receipt_id, rpc_id }: PolicyCut): object {
  const receipt = receipt_id === undefined ? {} : { receipt_id };
  const ours = { code: 'policy_cut', reason, ...receipt };
  if (dialect === 'jsonrpc')
    return { jsonrpc: '2.0', id: rpc_id ?? null, error: { code: RPC_CODE, message, data: ours } };
  if (dialect === 'gemini')
    return { error: { code: 403, message, status: 'PERMISSION_DENIED', details: [ours] } };
  return { type: 'error', error: { type: 'permission_error', message, param: null, ...ours } };
}

/** One event as text. A type that holds a line end is a broken invariant: nobody else's text may become a type. */
export function writeEvent({ type, data }: { readonly type?: string; readonly data: string }): string {
  if (type !== undefined && /[\r\n]/.test(type)) throw new Error('a line end in the type of an event');
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${type === undefined ? '' : `event: ${type}\n`}${lines.join('')}\n`;
}
