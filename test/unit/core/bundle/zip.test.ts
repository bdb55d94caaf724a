import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { crc32 } from '../../../../src/core/bundle/crc32.ts';
import { isKnownMember, isMemberName } from '../../../../src/core/bundle/member.ts';
import { readZip } from '../../../../src/core/bundle/zip_read.ts';
import { writeZip } from '../../../../src/core/bundle/zip_write.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const MEMBERS = [
  { name: 'b/two.txt', bytes: bytes('second') },
  { name: 'a.txt', bytes: bytes('first') },
  { name: 'empty', bytes: new Uint8Array(0) },
];
const ZIP = writeZip(MEMBERS);
const code = (zip: Uint8Array) => {
  const result = readZip(zip);
  return result.ok ? 'accepted' : result.problem.code;
};

test('crc32: check value and, where the platform has one, agreement', () => {
  assert.equal(crc32(bytes('123456789')), 0xcbf43926);
  if (typeof zlibCrc32 !== 'function') return;
  fc.assert(fc.property(fc.uint8Array(), (data) => assert.equal(crc32(data), zlibCrc32(data))));
});

test('members come back sorted, and their order going in does not matter', () => {
  assert.deepEqual(readZip(ZIP), {
    ok: true,
    value: [
      { name: 'a.txt', bytes: bytes('first') },
      { name: 'b/two.txt', bytes: bytes('second') },
      { name: 'empty', bytes: new Uint8Array(0) },
    ],
  });
  assert.deepEqual(writeZip([...MEMBERS].reverse()), ZIP);
  assert.deepEqual(readZip(writeZip([])), { ok: true, value: [] });
});

test('an independent reader agrees about names, content, mode and date', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clawgress-zip-'));
  try {
    writeFileSync(join(folder, 'x.zip'), ZIP);
    const script =
      'import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n' +
      'for i in z.infolist(): print(i.filename,i.date_time[0],oct(i.external_attr>>16),i.compress_type,z.read(i).decode())';
    const { stdout } = spawnSync('python3', ['-c', script, join(folder, 'x.zip')], { encoding: 'utf8' });
    assert.equal(
      stdout,
      'a.txt 1980 0o100644 0 first\nb/two.txt 1980 0o100644 0 second\nempty 1980 0o100644 0 \n',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('every flipped bit, every cut and every extra byte is refused', () => {
  for (let at = 0; at < ZIP.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const changed = ZIP.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      assert.notEqual(code(changed), 'accepted', `byte ${at} bit ${bit}`);
    }
    assert.notEqual(code(ZIP.slice(0, at)), 'accepted');
    assert.notEqual(code(new Uint8Array([...ZIP.slice(0, at), 0, ...ZIP.slice(at)])), 'accepted');
  }
  assert.notEqual(code(new Uint8Array([...ZIP, 0])), 'accepted');
});

test('names: no duplicates, no way out of the folder', () => {
  for (const name of [
    '../x',
    '/x',
    'a/../b',
    'a//b',
    './a',
    'a/.',
    '.hidden',
    'a\\b',
    'C:x',
    'a b',
    'a\0',
    '',
    'é',
    'a/',
    'x'.repeat(201),
  ])
    assert.equal(isMemberName(name), false, name);
  assert.throws(() => writeZip([{ name: '../x', bytes: bytes('') }]), RangeError);
  assert.throws(() => writeZip([...MEMBERS, { name: 'empty', bytes: bytes('x') }]), RangeError);
  for (const name of ['manifest.json', 'tlog/tile/entries/x001/000.p/5', `keys/${'a'.repeat(64)}.pem`])
    assert.ok(isMemberName(name) && isKnownMember(name), name);
  for (const name of ['evil.sh', 'keys/x.pem', 'policy/a.json', 'tlog/evil'])
    assert.equal(isKnownMember(name), false);
});

/** Rewrites every occurrence of a little-endian value at a header offset, in local and central headers alike. */
function patched(localOffset: number, centralOffset: number, value: number): Uint8Array {
  const zip = ZIP.slice();
  for (let at = 0; at + 4 <= zip.length; at += 1) {
    const signature = Buffer.from(zip.subarray(at, at + 4)).toString('latin1');
    if (signature === 'PK\x03\x04') zip[at + localOffset] = value;
    if (signature === 'PK\x01\x02') zip[at + centralOffset] = value;
  }
  return zip;
}

test('consistent lies in both headers are refused too', () => {
  assert.equal(code(patched(6, 8, 0x08)), 'HEADER', 'data descriptor flag');
  assert.equal(code(patched(8, 10, 8)), 'HEADER', 'deflate');
  assert.equal(code(patched(12, 14, 0x22)), 'HEADER', 'another date');
  assert.equal(code(patched(28, 30, 1)), 'HEADER', 'extra field');
  const symlink = ZIP.slice();
  for (let at = 0; at + 4 <= symlink.length; at += 1) {
    if (Buffer.from(symlink.subarray(at, at + 4)).toString('latin1') === 'PK\x01\x02')
      symlink[at + 41] = 0xa1;
  }
  assert.equal(code(symlink), 'HEADER', 'symlink');
});

test('arbitrary bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (data) => assert.notEqual(code(data), 'accepted')),
  );
  const end = ZIP.slice(-22);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(65_535), (data, count) => {
      const tail = end.slice();
      tail[8] = tail[10] = count & 255;
      tail[9] = tail[11] = count >> 8;
      code(new Uint8Array([...data, ...tail]));
    }),
  );
});
