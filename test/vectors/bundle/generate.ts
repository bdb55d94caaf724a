/**
 * Writes one folder for each defect: `evidence.zip`, `expected.json`, `README.md`; and `keys.json` for all of them.
 * Run with `node --import tsx test/vectors/bundle/generate.ts`. Everything but the P-256 signature bytes is deterministic.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Member } from '../../../src/core/bundle/member.ts';
import { writeZip } from '../../../src/core/bundle/zip_write.ts';
import { verifyBundle } from '../../../src/core/verify/verify_bundle.ts';
import {
  bodyTextOf,
  bundleOf,
  memberOf,
  membersOf,
  nodeCrypto,
  resigned,
  trustOf,
  withMember,
} from '../../support/evidence_bundle.ts';
import { testKey } from '../../support/evidence_keys.ts';
import { canonical, EvidenceLog, signedLine, smallLog } from '../../support/evidence_log.ts';

interface Vector {
  readonly why: string;
  readonly verdict: string;
  /** Codes that must be among the findings. */
  readonly codes: readonly string[];
  readonly zip: Uint8Array;
}

function baseLog(): EvidenceLog {
  const log = new EvidenceLog();
  log.genesis();
  log.delegate();
  log.start();
  log.add('lifecycle', { lifecycle: 'stop', clean: true });
  return log;
}

const log = baseLog();
const members = membersOf(log, { policies: [] });
const [l0 = '', l1 = '', l2 = '', l3 = ''] = log.lines.map((line) => line.toString());
const journalOf = (lines: readonly string[]) =>
  withMember(members, 'journal.jsonl', lines.map((line) => `${line}\n`).join(''));

/** As an insider would leave it: manifest, sums and their signatures fit the changed files. */
const insider = (why: string, codes: readonly string[], changed: readonly Member[]): Vector => ({
  why,
  verdict: 'REFUSED',
  codes,
  zip: writeZip(resigned(log, changed)),
});
/** As somebody without keys would leave it. */
const outsider = (why: string, codes: readonly string[], changed: readonly Member[]): Vector => ({
  why,
  verdict: 'REFUSED',
  codes,
  zip: writeZip(changed),
});
const raw = (why: string, zip: Uint8Array): Vector => ({ why, verdict: 'REFUSED', codes: ['ZIP_INVALID'], zip });

function changedBody(change: Record<string, unknown>): string {
  const body = { ...JSON.parse(bodyTextOf(Buffer.from(l2))), ...change };
  return signedLine(canonical(body), log.epoch).toString();
}

function zipWith(change: (zip: Uint8Array) => void): Uint8Array {
  const zip = writeZip(members);
  change(zip);
  return zip;
}

const manifestText = Buffer.from(memberOf(members, 'manifest.json').bytes).toString();
const other = Object.assign(baseLog(), {
  manifestEd25519: testKey('stranger'),
});

const VECTORS: Readonly<Record<string, Vector>> = {
  good: { why: 'Nothing is wrong: the control of all the others.', verdict: 'VERIFIED', codes: [], zip: writeZip(members) },
  'end-unproven': {
    why: 'Valid records follow the checkpoint: nobody has signed that the log ends there.',
    verdict: 'END_UNPROVEN',
    codes: ['END_UNPROVEN'],
    zip: writeZip(membersOf(log, { policies: [], checkpoint: log.checkpoint(3) })),
  },
  'empty-journal': {
    why: 'A journal without lines proves nothing, however well the rest is signed.',
    verdict: 'EMPTY',
    codes: ['EMPTY'],
    zip: writeZip(resigned(log, withMember(members, 'journal.jsonl', ''))),
  },
  'line-removed': insider('A line was taken out.', ['SEQ_GAP', 'CHAIN_BREAK', 'TREE_MISMATCH'], journalOf([l0, l1, l3])),
  'line-doubled': insider('A line stands twice.', ['SEQ_GAP', 'CHAIN_BREAK'], journalOf([l0, l1, l2, l2, l3])),
  'lines-swapped': insider('Two lines changed places.', ['SEQ_GAP', 'CHAIN_BREAK'], journalOf([l0, l1, l3, l2])),
  'line-truncated': insider('The last line lost its end.', ['LINE_INVALID'], journalOf([l0, l1, l2, l3.slice(0, -40)])),
  'tail-cut': insider('The last line is gone; the checkpoint remembers it.', ['TREE_MISMATCH'], journalOf([l0, l1, l2])),
  'line-re-spaced': insider(
    'A space was put between two members: the same JSON, other bytes.',
    ['LINE_INVALID'],
    journalOf([l0, l1, l2, l3.replace(',"signatures"', ', "signatures"')]),
  ),
  'line-bit-flipped': insider(
    'One letter of the payload differs.',
    ['TREE_MISMATCH'],
    journalOf([l0, l1, l2.replace('eyJib290', 'eyJib291'), l3]),
  ),
  'file-changed': outsider('One file differs from its digest.', ['MEMBER_DIGEST'], withMember(members, 'README.md', 'x')),
  'file-undeclared': outsider('A file that the manifest does not name.', ['MEMBER_UNDECLARED'], withMember(members, `keys/${testKey('x').keyId}.pem`, testKey('x').pem)),
  'file-missing': outsider('A file that the manifest names is gone.', ['MEMBER_MISSING'], withMember(members, 'README.md', undefined)),
  'file-unknown': insider('A declared file that the format does not have.', ['MEMBER_UNDECLARED'], withMember(members, 'run-me.sh', 'true')),
  'view-edited': insider('The readable view says something else than the journal.', ['VIEW_MISMATCH'], withMember(members, 'journal.view.jsonl', '{}\n')),
  'manifest-overstates': insider('The manifest claims another range.', ['MANIFEST_INVALID'], withMember(members, 'manifest.json', manifestText.replace('"last_seq":3', '"last_seq":4'))),
  'manifest-key-unknown': {
    why: 'The manifest is signed by a key that the trust file does not list.',
    verdict: 'REFUSED',
    codes: ['KEY_UNKNOWN'],
    zip: writeZip(resigned(log, members, other)),
  },
  'record-unknown-field': insider('A correctly signed record with a member of no version.', ['VERSION_UNKNOWN'], journalOf([l0, l1, changedBody({ later: 1 }), l3])),
  'record-resigned': insider('A record was rewritten and signed with the epoch key after the fact.', ['CHAIN_BREAK', 'TREE_MISMATCH'], journalOf([l0, l1, changedBody({ mono_us: 1 }), l3])),
  'epoch-key-delegates': (() => {
    const bad = baseLog();
    bad.delegate(testKey('epoch-2'), {}, bad.epoch);
    bad.add('lifecycle', { lifecycle: 'stop', clean: true });
    return {
      why: 'An epoch key delegated another key: only the root may.',
      verdict: 'REFUSED',
      codes: ['DELEGATION_INVALID', 'KEY_UNKNOWN'],
      zip: writeZip(membersOf(bad, { policies: [] })),
    };
  })(),
  'checkpoint-other-key': insider('The checkpoint is signed by another log key.', ['CHECKPOINT_INVALID'], withMember(members, 'tlog/checkpoint', log.checkpoint(4, testKey('x')))),
  'checkpoint-other-tree': insider(
    'The checkpoint is genuine, but of another history of the same length.',
    ['TREE_MISMATCH'],
    withMember(members, 'tlog/checkpoint', forkCheckpoint()),
  ),
  'zip-prefix': raw('Bytes before the first entry.', Buffer.concat([Buffer.from('#!/bin/sh\n'), writeZip(members)])),
  'zip-comment': raw('Bytes behind the end record.', Buffer.concat([writeZip(members), Buffer.from('x')])),
  'zip-headers-differ': raw(
    'Local and central header name different files, so that two readers see two archives.',
    zipWith((zip) => {
      zip[30] = (zip[30] ?? 0) ^ 1;
    }),
  ),
};

function forkCheckpoint(): string {
  const fork = baseLog();
  fork.lines.length = 3;
  fork.add('lifecycle', { lifecycle: 'heartbeat', decisions: 0, pending_outcomes: 0 });
  return fork.checkpoint();
}

const here = import.meta.dirname;
writeFileSync(join(here, 'keys.json'), log.trustFile());
for (const [name, { why, verdict, codes, zip }] of Object.entries(VECTORS)) {
  const folder = join(here, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(join(folder, 'evidence.zip'), zip);
  writeFileSync(join(folder, 'expected.json'), `${JSON.stringify({ verdict, codes })}\n`);
  const judged = verdict === 'VERIFIED' ? 'must verify' : `verdict ${verdict}, among the findings: ${codes.join(', ')}`;
  writeFileSync(join(folder, 'README.md'), `# ${name}\n\n${why}\n\nAgainst \`../keys.json\`: ${judged}.\n`);
}

// Golden bundles are written once for each format version and never again.
const golden = join(here, '../../../bundles/pef-v0');
for (const [name, since] of [['complete', 0], ['range', 4]] as const) {
  if (existsSync(join(golden, `${name}.zip`))) continue;
  const small = smallLog();
  const zip = bundleOf(small, { since });
  const report = verifyBundle(zip, trustOf(small), nodeCrypto);
  writeFileSync(join(golden, 'keys.json'), small.trustFile());
  writeFileSync(join(golden, `${name}.zip`), zip);
  writeFileSync(join(golden, `${name}.report.json`), `${JSON.stringify(report, null, 2)}\n`);
}
