import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readZip } from '../../../src/core/bundle/zip_read.ts';
import { parseLine } from '../../../src/core/canonical/dsse.ts';
import { parseRecord } from '../../../src/core/receipt/parse_record.ts';
import type { Boundary } from '../boundary.ts';

const GOLDEN = join(import.meta.dirname, '../../../bundles/pef-v0');
const TYPE = 'application/vnd.clawgress.receipt.v0+json';

/**
 * Judge: an accepted line is byte for byte the template around its parts; an accepted body is sorted JSON; and no line
 * but the original ones carries a signature that holds.
 */
export function journalLine(): Boundary {
  const zip = readZip(new Uint8Array(readFileSync(join(GOLDEN, 'complete.zip'))));
  assert.ok(zip.ok);
  const journal = zip.value.find(({ name }) => name === 'journal.jsonl');
  assert.ok(journal);
  const lines = Buffer.from(journal.bytes).toString('latin1').trimEnd().split('\n');
  const originals = new Set(lines);
  const keys = new Map<string, string>(
    JSON.parse(readFileSync(join(GOLDEN, 'keys.json'), 'utf8')).keys.map(
      (key: { keyid: string; public_key_pem: string }) => [key.keyid, key.public_key_pem] as const,
    ),
  );
  return {
    name: 'journal_line',
    corpus: lines.map((line) => Buffer.from(line, 'latin1')),
    check(input) {
      const result = parseLine(input);
      if (!result.ok) return false;
      const { body, keyId, signature } = result.value;
      const [payload, sig] = [
        Buffer.from(body).toString('base64'),
        Buffer.from(signature).toString('base64'),
      ];
      const text = Buffer.from(input).toString('latin1');
      assert.equal(
        text,
        `{"payloadType":"${TYPE}","payload":"${payload}","signatures":[{"keyid":"${keyId}","sig":"${sig}"}]}`,
      );
      const record = parseRecord(body);
      if (record.ok)
        assert.equal(
          Buffer.from(body).toString('utf8'),
          JSON.stringify(sorted(JSON.parse(Buffer.from(body).toString('utf8')))),
        );
      const pem = keys.get(keyId);
      const message = Buffer.concat([Buffer.from(`DSSEv1 ${TYPE.length} ${TYPE} ${body.length} `), body]);
      const isSigned = pem !== undefined && verify(null, message, pem, signature);
      if (isSigned) assert.ok(originals.has(text), 'a changed line is still signed');
      return isSigned && record.ok;
    },
  };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
