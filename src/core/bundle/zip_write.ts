import { crc32 } from './crc32.ts';
import { BUNDLE_BYTES_MAX, isMemberName, MEMBERS_MAX, type Member } from './member.ts';
import { centralHeader, END_BYTES, type Entry, endRecord, localHeader } from './zip_layout.ts';

/** One zip for one set of members, whatever their order. Throws on bad or double names and beyond the size limits. */
export function writeZip(members: readonly Member[]): Uint8Array {
  const sorted = [...members].sort((a, b) => (a.name < b.name ? -1 : 1));
  const entries = layOut(sorted);
  const directoryOffset = entries.reduce((end, entry) => end + localHeader(entry).length + entry.size, 0);
  const directory = entries.map(centralHeader);
  const directoryBytes = directory.reduce((sum, header) => sum + header.length, 0);
  const total = directoryOffset + directoryBytes + END_BYTES;
  if (total > BUNDLE_BYTES_MAX) throw new RangeError('bundle: over BUNDLE_BYTES_MAX');
  const zip = new Uint8Array(total);
  entries.forEach((entry, i) => {
    const header = localHeader(entry);
    zip.set(header, entry.offset);
    zip.set(sorted[i]?.bytes ?? new Uint8Array(0), entry.offset + header.length);
  });
  let at = directoryOffset;
  for (const part of [...directory, endRecord(entries.length, directoryBytes, directoryOffset)]) {
    zip.set(part, at);
    at += part.length;
  }
  return zip;
}

function layOut(sorted: readonly Member[]): Entry[] {
  if (sorted.length > MEMBERS_MAX) throw new RangeError('bundle: over MEMBERS_MAX');
  let offset = 0;
  return sorted.map(({ name, bytes }, i) => {
    if (!isMemberName(name)) throw new RangeError(`bundle: bad member name ${name}`);
    if (name === sorted[i + 1]?.name) throw new RangeError(`bundle: ${name} twice`);
    const entry: Entry = { name, crc: crc32(bytes), size: bytes.length, offset };
    offset += localHeader(entry).length + bytes.length;
    if (offset > BUNDLE_BYTES_MAX) throw new RangeError('bundle: over BUNDLE_BYTES_MAX');
    return entry;
  });
}
