import { fail, ok, type Result } from '../result.ts';
import type { Sender, Violation } from './violation.ts';

/** RFC 6455 section 5.2. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const OPCODES: readonly number[] = Object.values(OPCODE);
export const CONTROL_BYTES_MAX = 125;

export interface FrameHead {
  readonly final: boolean;
  readonly opcode: number;
  /** Of the payload, bytes. */
  readonly length: number;
  /** Four bytes; absent in what a server sends. */
  readonly mask?: Uint8Array;
}

/** Bytes of the whole header, as far as its first two bytes tell. */
export function headBytes(second: number): number {
  const length = second & 0x7f;
  return 2 + (length === 127 ? 8 : length === 126 ? 2 : 0) + (second >= 0x80 ? 4 : 0);
}

export function isControl(opcode: number): boolean {
  return opcode >= OPCODE.close;
}

/** What is wrong with the first two bytes alone, so that a frame that breaks the rules is known before its length is. */
export function earlyViolation(first: number, second: number, sender: Sender): Violation | undefined {
  const opcode = first & 0x0f;
  // No extension is agreed: the handshake of an inspected session offers none.
  if ((first & 0x70) !== 0) return violation('RESERVED_BIT');
  if (!OPCODES.includes(opcode)) return violation('RESERVED_OPCODE');
  if (isControl(opcode) && first < 0x80) return violation('CONTROL_FRAGMENTED');
  if (isControl(opcode) && (second & 0x7f) > CONTROL_BYTES_MAX) return violation('CONTROL_TOO_LONG');
  const isMasked = second >= 0x80;
  if (sender === 'client' && !isMasked) return violation('NOT_MASKED');
  if (sender === 'server' && isMasked) return violation('MASKED');
  return undefined;
}

/** Reads a whole header, as long as `headBytes` says, that has no early violation. */
export function readHead(bytes: Uint8Array): Result<FrameHead, Violation> {
  const [first = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const width = short === 127 ? 8 : short === 126 ? 2 : 0;
  const length = width === 0 ? short : bigEndian(bytes.subarray(2, 2 + width));
  // The minimal number of bytes MUST be used, and the highest bit of eight MUST be 0 (section 5.2).
  if (width === 2 && length < 126) return fail(violation('LENGTH_NOT_MINIMAL'));
  if (width === 8 && length < 65_536) return fail(violation('LENGTH_NOT_MINIMAL'));
  if (width === 8 && (bytes[2] ?? 0) >= 0x80) return fail(violation('LENGTH_INVALID'));
  return ok({
    final: first >= 0x80,
    opcode: first & 0x0f,
    length,
    ...(second >= 0x80 ? { mask: bytes.slice(2 + width, 6 + width) } : {}),
  });
}

/** Rounded beyond 2^53, where every length is too long anyway. */
function bigEndian(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

function violation(why: Violation['why']): Violation {
  return { code: 1002, why };
}
