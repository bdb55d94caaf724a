import { readSync } from 'node:fs';
import { promisify } from 'node:util';
import { crc32, deflateRaw, inflateRawSync } from 'node:zlib';
import { RecorderError } from './options.ts';

/**
 * A packed segment is a gzip file (RFC 1952) of many members, which `zcat` reads like any other. Each member holds at most
 * `BLOCK_BYTES` of the segment and names its own length in an extra field, so that we read from the middle, in bounded
 * memory, and without waiting for a stream.
 */
export const BLOCK_BYTES = 128 * 1024;
/** What deflate can make of a block that does not compress, with room to spare. */
const MEMBER_BYTES_MAX = BLOCK_BYTES + 4_096;
const HEADER_BYTES = 20;
const TRAILER_BYTES = 8;
const LENGTH_AT = 16;
/** Magic, deflate, FEXTRA; no time; unknown system; eight bytes of extra field: `CG`, four bytes, the member's length. */
const HEADER = Buffer.from('1f8b08040000000000ff08004347040000000000', 'hex');
const LEVEL = 6;

const deflate = promisify<Uint8Array, { level: number }, Buffer>(deflateRaw);

/** One member. Compresses off the event loop. */
export async function packBlock(plain: Uint8Array): Promise<Buffer> {
  if (plain.length > BLOCK_BYTES) throw new RangeError(`a block of ${plain.length} bytes`);
  const body = await deflate(plain, { level: LEVEL });
  const member = Buffer.concat([HEADER, body, Buffer.alloc(TRAILER_BYTES)]);
  member.writeUInt32LE(member.length, LENGTH_AT);
  member.writeUInt32LE(crc32(plain), member.length - TRAILER_BYTES);
  member.writeUInt32LE(plain.length, member.length - 4);
  return member;
}

/** The plain bytes from offset `from` of the segment on. Throws `RecorderError` at the first byte that we did not write. */
export function* readPacked(fd: number, path: string, from: number): Generator<Buffer> {
  let plainAt = 0;
  for (let at = 0; ; ) {
    const length = memberLength(fd, path, at);
    if (length === undefined) return;
    const plainLength = sizeOf(fd, path, at, length);
    const end = plainAt + plainLength;
    if (end > from) yield unpack(fd, path, at, length).subarray(Math.max(0, from - plainAt));
    plainAt = end;
    at += length;
  }
}

/** Bytes of the segment before it was packed. Reads the ends of members only. */
export function packedPlainSize(fd: number, path: string): number {
  let plain = 0;
  for (let at = 0; ; ) {
    const length = memberLength(fd, path, at);
    if (length === undefined) return plain;
    plain += sizeOf(fd, path, at, length);
    at += length;
  }
}

function memberLength(fd: number, path: string, at: number): number | undefined {
  const header = Buffer.alloc(HEADER_BYTES);
  const got = readSync(fd, header, 0, HEADER_BYTES, at);
  if (got === 0) return undefined;
  const length = header.readUInt32LE(LENGTH_AT);
  const isOurs = got === HEADER_BYTES && header.subarray(0, LENGTH_AT).equals(HEADER.subarray(0, LENGTH_AT));
  if (!isOurs || length <= HEADER_BYTES + TRAILER_BYTES || length > MEMBER_BYTES_MAX)
    throw damaged(path, at, 'no block begins there');
  return length;
}

function sizeOf(fd: number, path: string, at: number, length: number): number {
  const field = Buffer.alloc(4);
  if (readSync(fd, field, 0, 4, at + length - 4) !== 4) throw damaged(path, at, 'the block is cut short');
  const size = field.readUInt32LE(0);
  if (size === 0 || size > BLOCK_BYTES) throw damaged(path, at, `the block claims ${size} bytes`);
  return size;
}

function unpack(fd: number, path: string, at: number, length: number): Buffer {
  const member = Buffer.alloc(length);
  if (readSync(fd, member, 0, length, at) !== length) throw damaged(path, at, 'the block is cut short');
  const plain = inflate(member.subarray(HEADER_BYTES, length - TRAILER_BYTES));
  const fits =
    plain !== undefined &&
    plain.length === member.readUInt32LE(length - 4) &&
    crc32(plain) === member.readUInt32LE(length - TRAILER_BYTES);
  if (!fits) throw damaged(path, at, 'the block does not match its check sum');
  return plain;
}

function inflate(body: Uint8Array): Buffer | undefined {
  try {
    return inflateRawSync(body, { maxOutputLength: BLOCK_BYTES });
  } catch {
    return undefined;
  }
}

function damaged(path: string, at: number, what: string): RecorderError {
  return new RecorderError(
    `${path} at byte ${at}: ${what}. Restore the file from a copy; one that gzip itself has packed must be unpacked with gunzip first.`,
  );
}
