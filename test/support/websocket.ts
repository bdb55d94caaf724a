import { createHash } from 'node:crypto';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
export const TEXT = 1;
export const CLOSE = 8;

/** What a server has to answer to the key of a handshake. */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}${GUID}`).digest('base64');
}

/** One unfragmented frame, as servers send them; with a mask, as clients have to. */
export function frame(opcode: number, payload: Buffer | string, mask?: Buffer): Buffer {
  const body = Buffer.from(payload);
  const bit = mask === undefined ? 0 : 0x80;
  const length =
    body.length < 126
      ? Buffer.from([bit | body.length])
      : body.length < 65_536
        ? Buffer.from([bit | 126, body.length >> 8, body.length & 0xff])
        : Buffer.from([bit | 127, 0, 0, 0, 0, ...uint32(body.length)]);
  const sent = mask === undefined ? body : body.map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, mask ?? Buffer.alloc(0), sent]);
}

const uint32 = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);

export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Collects bytes and gives back the frames that are complete. */
export function frameReader(): (more: Buffer) => Frame[] {
  let kept = Buffer.alloc(0);
  return (more) => {
    kept = Buffer.concat([kept, more]);
    const frames: Frame[] = [];
    for (let next = firstFrame(kept); next !== undefined; next = firstFrame(kept)) {
      frames.push(next.frame);
      kept = kept.subarray(next.bytes);
    }
    return frames;
  };
}

function firstFrame(bytes: Buffer): { frame: Frame; bytes: number } | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const short = second & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const maskAt = 2 + extended;
  const start = maskAt + (second & 0x80 ? 4 : 0);
  if (bytes.length < start) return undefined;
  const length = extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(2) : bytes.readUInt32BE(6);
  if (bytes.length < start + length) return undefined;
  const mask = bytes.subarray(maskAt, start);
  const body = bytes.subarray(start, start + length);
  const payload = mask.length === 0 ? Buffer.from(body) : body.map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return { frame: { opcode: first & 0x0f, payload: Buffer.from(payload) }, bytes: start + length };
}
