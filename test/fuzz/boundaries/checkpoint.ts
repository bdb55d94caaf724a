import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readZip } from '../../../src/core/bundle/zip_read.ts';
import { parseNote } from '../../../src/core/chain/checkpoint.ts';
import { type Boundary, bytesOf } from '../boundary.ts';

const GOLDEN = join(import.meta.dirname, '../../../bundles/pef-v0/complete.zip');

/** Judge: the note's own lines, cut with a regular expression from the C2SP text, say the same origin, size and root. */
export function checkpoint(): Boundary {
  const zip = readZip(new Uint8Array(readFileSync(GOLDEN)));
  assert.ok(zip.ok);
  const note = zip.value.find(({ name }) => name === 'tlog/checkpoint');
  assert.ok(note);
  return {
    name: 'checkpoint',
    corpus: [note.bytes, bytesOf('a\n0\nAAAA\n\n\u2014 a AAAA\n')],
    check(input) {
      const text = Buffer.from(input).toString('utf8');
      const result = parseNote(text);
      if (!result.ok) return false;
      const [, origin, size, root] =
        /^([^\n]+)\n(0|[1-9]\d*)\n([A-Za-z0-9+/]{43}=)\n\n(\u2014 [^\n]+\n)+$/.exec(text) ?? [];
      assert.equal(result.value.origin, origin);
      assert.equal(String(result.value.size), size);
      assert.equal(Buffer.from(result.value.root).toString('base64'), root);
      return true;
    },
  };
}
