import type { Sender } from './violation.ts';

/** A close frame with this code and no reason. `mask`: four random bytes, for what a server is sent. */
export function closeFrame(code: number, as: Sender, mask: Uint8Array = NO_MASK): Uint8Array {
  const payload = [code >> 8, code & 0xff];
  if (as === 'server') return Uint8Array.from([0x88, payload.length, ...payload]);
  const masked = payload.map((byte, i) => byte ^ (mask[i] ?? 0));
  return Uint8Array.from([0x88, 0x80 | payload.length, ...mask.subarray(0, 4), ...masked]);
}

const NO_MASK = new Uint8Array(4);
