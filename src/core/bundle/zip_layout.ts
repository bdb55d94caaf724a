import { utf8Encode } from '../canonical/utf8.ts';

/**
 * The byte layout of a deterministic zip (APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12, 4.3.16): stored, no flags, no
 * extra fields, no comments, one date and mode. Writer and reader share these functions: the reader accepts exactly the
 * bytes that the writer would have produced.
 */

export const LOCAL_BYTES = 30;
export const CENTRAL_BYTES = 46;
export const END_BYTES = 22;

const LOCAL_SIGNATURE = 0x04034b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const END_SIGNATURE = 0x06054b50;
const VERSION_NEEDED = 20;
/** Unix, so that the mode is honoured. */
const VERSION_MADE_BY = (3 << 8) | VERSION_NEEDED;
/** 1980-01-01 00:00:00, the zero of the format. */
const DOS_DATE = (1 << 5) | 1;
/** Regular file, 0644: a symlink is another type and therefore another header. */
const EXTERNAL_ATTRIBUTES = (0o100644 << 16) >>> 0;

export interface Entry {
  readonly name: string;
  readonly crc: number;
  readonly size: number;
  /** Offset of the local header. */
  readonly offset: number;
}

export function localHeader(entry: Entry): Uint8Array {
  const name = utf8Encode(entry.name);
  const bytes = new Uint8Array(LOCAL_BYTES + name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, LOCAL_SIGNATURE, true);
  writeShared(view, 4, entry, name.length);
  bytes.set(name, LOCAL_BYTES);
  return bytes;
}

export function centralHeader(entry: Entry): Uint8Array {
  const name = utf8Encode(entry.name);
  const bytes = new Uint8Array(CENTRAL_BYTES + name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, CENTRAL_SIGNATURE, true);
  view.setUint16(4, VERSION_MADE_BY, true);
  writeShared(view, 6, entry, name.length);
  view.setUint32(38, EXTERNAL_ATTRIBUTES, true);
  view.setUint32(42, entry.offset, true);
  bytes.set(name, CENTRAL_BYTES);
  return bytes;
}

/** The fields that both headers carry in the same order; a difference between them is how parsers are played off. */
function writeShared(view: DataView, at: number, entry: Entry, nameBytes: number): void {
  view.setUint16(at, VERSION_NEEDED, true);
  view.setUint16(at + 8, DOS_DATE, true);
  view.setUint32(at + 10, entry.crc, true);
  view.setUint32(at + 14, entry.size, true);
  view.setUint32(at + 18, entry.size, true);
  view.setUint16(at + 22, nameBytes, true);
}

export function endRecord(count: number, directoryBytes: number, directoryOffset: number): Uint8Array {
  const bytes = new Uint8Array(END_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, END_SIGNATURE, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, directoryBytes, true);
  view.setUint32(16, directoryOffset, true);
  return bytes;
}
