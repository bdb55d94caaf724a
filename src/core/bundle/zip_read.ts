import { sameBytes } from '../canonical/bytes.ts';
import { fail, ok, type Result } from '../result.ts';
import { crc32 } from './crc32.ts';
import { BUNDLE_BYTES_MAX, isMemberName, type Member } from './member.ts';
import {
  CENTRAL_BYTES,
  centralHeader,
  END_BYTES,
  type Entry,
  endRecord,
  LOCAL_BYTES,
  localHeader,
} from './zip_layout.ts';

export interface ZipProblem {
  readonly code: 'TOO_LARGE' | 'END_RECORD' | 'NAME' | 'ORDER' | 'HEADER' | 'GAP';
  /** Offset in the file where reading stopped. */
  readonly offset: number;
}

/** Strictly ascending names make duplicates impossible; `latin1` keeps one unit for each byte. */
const NAMES = new TextDecoder('latin1');

/**
 * Reads exactly what writeZip writes. Every header is rebuilt from name, size, offset and computed CRC and compared
 * byte for byte, entries lie back to back from offset 0, and the end record is the last thing: no prefix, gap, comment,
 * extra field, data descriptor, compression, second directory or symlink survives that.
 */
export function readZip(zip: Uint8Array): Result<readonly Member[], ZipProblem> {
  if (zip.length > BUNDLE_BYTES_MAX) return fail({ code: 'TOO_LARGE', offset: 0 });
  const endAt = zip.length - END_BYTES;
  if (endAt < 0) return fail({ code: 'END_RECORD', offset: 0 });
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const count = view.getUint16(endAt + 8, true);
  const directoryAt = view.getUint32(endAt + 16, true);
  const end = endRecord(count, endAt - directoryAt, directoryAt);
  if (directoryAt > endAt || !sameBytes(end, zip.subarray(endAt))) {
    return fail({ code: 'END_RECORD', offset: endAt });
  }
  return readEntries(zip, view, { count, directoryAt, endAt });
}

interface Directory {
  readonly count: number;
  readonly directoryAt: number;
  readonly endAt: number;
}

function readEntries(zip: Uint8Array, view: DataView, dir: Directory): Result<readonly Member[], ZipProblem> {
  const members: Member[] = [];
  let at = dir.directoryAt;
  let offset = 0;
  let previous = '';
  for (let i = 0; i < dir.count; i += 1) {
    if (at + CENTRAL_BYTES > dir.endAt) return fail({ code: 'HEADER', offset: at });
    const nameEnd = at + CENTRAL_BYTES + view.getUint16(at + 28, true);
    const name = NAMES.decode(zip.subarray(at + CENTRAL_BYTES, Math.min(nameEnd, dir.endAt)));
    if (!isMemberName(name)) return fail({ code: 'NAME', offset: at });
    if (name <= previous) return fail({ code: 'ORDER', offset: at });
    const size = view.getUint32(at + 24, true);
    const read = readEntry(zip, { name, size, offset }, at, dir.directoryAt);
    if (!read.ok) return read;
    members.push({ name, bytes: read.value });
    previous = name;
    at = nameEnd;
    // Names are ASCII here, so a letter is a byte.
    offset += LOCAL_BYTES + name.length + size;
  }
  const isTight = at === dir.endAt && offset === dir.directoryAt;
  return isTight ? ok(members) : fail({ code: 'GAP', offset });
}

function readEntry(
  zip: Uint8Array,
  at: Omit<Entry, 'crc'>,
  centralAt: number,
  directoryAt: number,
): Result<Uint8Array, ZipProblem> {
  const start = at.offset + LOCAL_BYTES + at.name.length;
  if (start + at.size > directoryAt) return fail({ code: 'HEADER', offset: at.offset });
  const bytes = zip.subarray(start, start + at.size);
  const entry: Entry = { ...at, crc: crc32(bytes) };
  const central = centralHeader(entry);
  if (!sameBytes(central, zip.subarray(centralAt, centralAt + central.length))) {
    return fail({ code: 'HEADER', offset: centralAt });
  }
  // The central header carries the CRC we computed; so what differs here is the local header.
  if (!sameBytes(localHeader(entry), zip.subarray(at.offset, start))) {
    return fail({ code: 'HEADER', offset: at.offset });
  }
  return ok(bytes);
}
