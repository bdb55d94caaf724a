import type { RequestDemands } from '../../core/contract/demands.ts';
import type { RawRequest } from '../../core/request/egress_request.ts';

/** What Envoy holds of one body at most, in bytes; beyond, it answers 413 itself. */
export const BUFFER_BYTES_MAX = 16 * 1024 * 1024;
/**
 * Counted at least for a body that does not say how long it is: Envoy holds as much of it as of any, whatever the rule takes. A
 * quarter of that, as few of them come to it: so what one agent can make Envoy hold is bounded, and many small ones still go on.
 */
const UNANNOUNCED_BYTES_LEAST = BUFFER_BYTES_MAX / 4;
/** What is taken up at least by a body that is read piece by piece. */
export const PIECES_BYTES = 1_048_576;

/** How a body comes. `too_large`: it need not come at all. */
export interface BodyWay {
  readonly way: 'whole' | 'streamed' | 'none' | 'too_large';
  /** Room to be made for it. */
  readonly bytes: number;
  /** By its content-length; 0 without. */
  readonly announced: number;
}

/** Before anything of it has come. A length that nobody can read is none. */
export function bodyWay(demands: RequestDemands, headers: RawRequest['headers'], isLast: boolean): BodyWay {
  const length = announcedLength(headers);
  return { ...wayOf(demands, length, isLast), announced: length ?? 0 };
}

function wayOf(
  { max_bytes, on_oversize }: RequestDemands,
  length: number | undefined,
  isLast: boolean,
): Omit<BodyWay, 'announced'> {
  if (isLast) return { way: 'none', bytes: 0 };
  const isLong = length === undefined || length > max_bytes;
  if (on_oversize === 'stream' && isLong) return { way: 'streamed', bytes: PIECES_BYTES };
  if (length === undefined) {
    const most = on_oversize === 'deny' ? Math.min(max_bytes, BUFFER_BYTES_MAX) : BUFFER_BYTES_MAX;
    return { way: 'whole', bytes: Math.max(most, UNANNOUNCED_BYTES_LEAST) };
  }
  if (on_oversize === 'deny' && isLong) return { way: 'too_large', bytes: 0 };
  // Only the beginning is asked for, and Envoy would refuse what it cannot hold.
  if (length > BUFFER_BYTES_MAX) return { way: 'streamed', bytes: PIECES_BYTES };
  return { way: 'whole', bytes: length };
}

export function announcedLength(headers: RawRequest['headers']): number | undefined {
  const said = headers.filter(({ name }) => name === 'content-length');
  const [text = ''] = said.map(({ value }) => value);
  return said.length === 1 && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
