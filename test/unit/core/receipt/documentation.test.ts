import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hexOf } from '../../../support/evidence_keys.ts';
import { type EvidenceLog, smallLog } from '../../../support/evidence_log.ts';
import { documentedRows } from '../../../support/field_rows.ts';

const DOC = readFileSync(join(import.meta.dirname, '../../../../docs/spec/receipt.md'), 'utf8');

test('docs/spec/receipt.md lists exactly the fields of the table, with form, presence and label', () => {
  const documented = new Map<string, string[][]>();
  for (const section of (DOC.split('## 8. Records')[1] ?? '').split(/^### /m).slice(1)) {
    const [name = ''] = section.split('\n');
    const rows = [...section.matchAll(/^\| `(\S+)` \| (.+?) \| (\S+) \| (\S+) \|/gm)].map((row) =>
      row.slice(1, 5),
    );
    documented.set(name, rows);
  }
  assert.deepEqual(documented, documentedRows());
});

test('the copy-paste example verifies a receipt and refuses a changed one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clawgress-doc-'));
  const log: EvidenceLog = smallLog();
  try {
    mkdirSync(join(folder, 'keys'));
    writeFileSync(join(folder, 'journal.jsonl'), log.lines.map((line) => `${line}\n`).join(''));
    for (const key of [log.root, log.epoch]) writeFileSync(join(folder, 'keys', `${key.keyId}.pem`), key.pem);
    const [example = '', chain = ''] = [...DOC.matchAll(/```bash\n([^`]+)```/g)].map(
      (match) => match[1] ?? '',
    );
    const run = (script: string) =>
      spawnSync('bash', ['-ec', script], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, TMPDIR: folder },
      });
    const good = run(example.replace('n=1', 'n=5'));
    assert.equal(good.status, 0, good.stderr);
    assert.ok(good.stdout.includes(log.epoch.keyId) && good.stdout.includes('"type":"decision"'));
    assert.equal(run(`n=5\n${chain}`).stdout.slice(0, 64), hexOf(log.lines[4] ?? ''));
    assert.notEqual(run(example.replace('cat "$work/body"; }', 'printf x; }')).status, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
