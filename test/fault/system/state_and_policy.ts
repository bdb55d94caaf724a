import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCli } from '../../support/fault_world.ts';
import { journalLines } from '../../support/naive_journal.ts';
import { eventually } from '../../support/running.ts';
import type { Fault } from './fault.ts';
import { killAll } from './kill_all.ts';

const RELOAD_MS = 1_300;

/** Signs `policy.yaml` of the folder, as it is or changed; the first signature makes the keys. Returns the bundle. */
function sign(dir: string, change: (text: string) => string, ...flags: readonly string[]): string {
  const document = join(dir, 'changed.yaml');
  const output = join(dir, 'signed.json');
  writeFileSync(document, change(readFileSync(join(dir, 'policy.yaml'), 'utf8')));
  const { status, stderr } = runCli(['policy', 'sign', document, '-o', output, ...flags]);
  if (status !== 0) throw new Error(`policy sign: ${stderr}`);
  const bundle = readFileSync(output, 'utf8');
  rmSync(output);
  return bundle;
}

function prepareSigned(dir: string): void {
  for (const [key, keys] of [
    ['own.key', 'policy-keys.json'],
    ['other.key', 'other-keys.json'],
  ] as const) {
    const { status, stderr } = runCli(['policy', 'keygen', '-o', join(dir, key), '--keys', join(dir, keys)]);
    if (status !== 0) throw new Error(`policy keygen: ${stderr}`);
  }
  writeFileSync(
    join(dir, 'policy.bundle.json'),
    sign(dir, asIs, '--key', join(dir, 'own.key'), '--version', '5'),
  );
}

const asIs = (text: string): string => text;
/** Were it in force, the first good request would be refused. */
const refusing = (text: string): string => text.replace('agent_id: [demo-agent]', 'agent_id: [nobody]');

const BAD_BUNDLES = 'bad-bundles.json';

/** Signing takes a process for each: while there is load, nobody else here would have a turn. */
function prepareReplaced(dir: string): void {
  prepareSigned(dir);
  writeFileSync(join(dir, BAD_BUNDLES), JSON.stringify(badBundles(dir)));
}

function badBundles(dir: string): string[] {
  const own = ['--key', join(dir, 'own.key')];
  const good = JSON.parse(sign(dir, refusing, ...own, '--version', '6'));
  return [
    'not a bundle at all',
    refusing(readFileSync(join(dir, 'policy.yaml'), 'utf8')),
    `${JSON.stringify({ ...good, signatures: [] })}\n`,
    sign(dir, refusing, ...own, '--version', '4'),
    sign(
      dir,
      refusing,
      ...own,
      '--version',
      '7',
      '--valid-from',
      '2020-01-01T00:00:00Z',
      '--valid-until',
      '2020-02-01T00:00:00Z',
    ),
    sign(dir, refusing, '--key', join(dir, 'other.key'), '--version', '8'),
  ];
}

const STATE = ['journal', 'ledger', 'checkpoints', 'artifacts', 'keys'];

/** Of a live folder: drafts come and go while it is read. */
function copyState(from: string, to: string): void {
  const filter = (path: string) => !path.endsWith('.new');
  for (const name of STATE) cpSync(join(from, name), join(to, name), { recursive: true, filter });
}

/** How many records the heads file knows. */
function recordsIn(heads: string): number {
  return existsSync(heads) ? Number(readFileSync(heads, 'utf8').split('\n')[1]) : 0;
}

const TURNS = 20;
const TURN_MS = 20;

/**
 * What had left for the upstream before the kill is in its sockets, and is heard in turns: a pause in one piece may be over
 * before the first of them.
 */
async function lastArrivals(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await sleep(TURN_MS);
}

export const STATE_FAULTS: readonly Fault[] = [
  {
    name: 'signed policy replaced by bad ones',
    how: '`policy.trust: signed`; the bundle becomes noise, a bare document, unsigned, older, expired, signed by another key; each would refuse everything',
    unnoticed: true,
    holdMs: 0,
    world: { settings: ['policy: {trust: signed}'], prepare: prepareReplaced },
    async inflict({ stateDir }) {
      for (const text of JSON.parse(readFileSync(join(stateDir, BAD_BUNDLES), 'utf8'))) {
        writeFileSync(join(stateDir, 'policy.bundle.json'), text);
        await sleep(RELOAD_MS);
      }
    },
    inspect(world) {
      const hashes = new Set(
        world.records().flatMap(({ record }) => (record['type'] === 'policy' ? [record['policy_hash']] : [])),
      );
      return hashes.size === 1 ? [] : [`${hashes.size} policies were in force`];
    },
  },
  {
    name: 'state restored from an older copy',
    how: '`recorder.heads_file` on other storage; journal, ledger, checkpoints and keys are put back as they were 2 s ago: the start must be refused; then the true ones are put back',
    losesLog: true,
    holdMs: 0,
    world: { settings: ['recorder: {heads_file: heads, checkpoint_interval_ms: 200}'] },
    async inflict(world) {
      const older = `${world.stateDir}.older`;
      const heads = join(world.stateDir, '..', 'heads');
      copyState(world.stateDir, older);
      const copied = journalLines(join(older, 'journal')).length;
      await sleep(2_000);
      await eventually(() => recordsIn(heads) > copied || undefined, 'a newer head', 60_000);
      await killAll(world);
      // Requests that are already on their way to the upstream must find the journal in its place.
      await lastArrivals();
      for (const name of STATE) renameSync(join(world.stateDir, name), join(world.stateDir, `${name}.true`));
      copyState(older, world.stateDir);
      const refused = await world.restart().then(
        () => undefined,
        (error: unknown) => String(error),
      );
      if (refused === undefined) throw new Error('the older copy was accepted');
    },
    async heal(world) {
      for (const name of STATE) {
        rmSync(join(world.stateDir, name), { recursive: true });
        renameSync(join(world.stateDir, `${name}.true`), join(world.stateDir, name));
      }
      await world.restart();
    },
  },
];
