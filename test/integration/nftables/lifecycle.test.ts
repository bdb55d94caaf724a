import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { applyKilledAt, isWrittenDown, SEEN_FOR } from './applied.ts';
import { missing, OUTSIDE, processesNaming, TERMINAL, until, type World, world } from './world.ts';

const ONE = { interception_host: { agent_uids: [2001] } };
const FOREIGN = 'table inet somebody_else {\n chain x {\n  type filter hook input priority 5\n }\n}\n';
const TWO = { interception_host: { agent_uids: [2001, 2002] } };

async function start(t: Parameters<typeof world>[0]): Promise<World | undefined> {
  const reason = missing();
  if (reason === undefined) return await world(t);
  t.skip(reason);
  return undefined;
}

test('what is confirmed stays; applying it again changes nothing', async (t) => {
  const here = await start(t);
  if (here === undefined) return;
  here.configure(ONE);
  assert.equal(here.cli('status').status, 1, 'nothing in force yet');
  assert.equal(here.cliJson('apply', '--confirm-within', '60m')['state'], 'waiting');
  const once = here.listing();
  assert.equal(typeof here.cliJson('status')['confirm_before'], 'string');
  assert.equal(here.cliJson('confirm')['state'], 'confirmed');
  assert.equal(here.cli('confirm').status, 1, 'nothing to confirm any more');
  assert.equal(here.cliJson('apply')['state'], 'unchanged');
  assert.equal(here.listing(), once);
  const status = here.cliJson('status');
  assert.deepEqual(
    [status['ok'], status['confirm_before'], status['applied_digest']],
    [true, null, status['expected_digest']],
  );
  await until(() => processesNaming(here.changes).length === 0);
});

test('what nobody confirms is rolled back to what was there, whatever that was', async (t) => {
  const here = await start(t);
  if (here === undefined) return;
  here.nft(FOREIGN);
  const foreign = here.listing();
  here.configure(ONE);
  here.cli('apply', '--confirm-within', '1s');
  await until(() => existsSync(`${here.changes}/rolled-back`));
  assert.equal(here.listing(), foreign, 'there were no rules of ours');
  assert.equal(here.cliJson('confirm')['state'], 'rolled_back');

  here.cli('apply');
  here.cli('confirm');
  const confirmed = here.listing();
  here.configure(TWO);
  assert.equal(here.cliJson('apply', '--confirm-within', SEEN_FOR)['state'], 'waiting');
  assert.notEqual(here.listing(), confirmed);
  await until(() => existsSync(`${here.changes}/rolled-back`));
  assert.equal(here.listing(), confirmed);
  assert.equal(typeof here.cliJson('status')['rolled_back_at'], 'string');
});

test('a second change before the confirmation of the first goes back to before both', async (t) => {
  const here = await start(t);
  if (here === undefined) return;
  here.configure(ONE);
  here.cli('apply', '--confirm-within', '60m');
  here.configure(TWO);
  here.cli('apply', '--confirm-within', '1s');
  await until(() => existsSync(`${here.changes}/rolled-back`));
  assert.equal(here.listing(), '');
  await until(() => processesNaming(here.changes).length === 0);
});

test('the rollback comes when the command is killed at any moment', async (t) => {
  const here = await start(t);
  if (here === undefined) return;
  here.configure(ONE);
  // Early: as soon as the change is written down. Late: when the rules are in force. Either way with its whole group.
  const moments = [() => isWrittenDown(here), () => here.listing() !== ''];
  for (const moment of moments) {
    await applyKilledAt(here, moment);
    assert.equal(here.listing(), '', 'no rules are left');
    here.cli('remove');
  }
});

test('the rollback comes when the terminal hangs up', async (t) => {
  const here = await start(t);
  if (here === undefined) return;
  here.configure(ONE);
  const words = [...here.cliCommand, 'apply', '--confirm-within', '1s', '--config', here.config];
  // `script` gives the command a terminal of its own, and takes it away when the command has ended.
  const command = `${words.map((word) => `'${word}'`).join(' ')}; kill -HUP 0`;
  spawnSync(TERMINAL, ['-qec', command, '/dev/null'], { stdio: 'ignore' });
  await until(() => existsSync(`${here.changes}/rolled-back`));
  assert.equal(here.listing(), '');
});

test('remove leaves nothing: no rules, no timer, no files', async (t) => {
  const here = await start(t);
  if (here === undefined) return;
  here.nft(FOREIGN);
  const foreign = here.listing();
  here.configure(ONE);
  here.cli('apply', '--confirm-within', '60m');
  assert.equal(here.cliJson('remove')['was_in_force'], true);
  assert.equal(here.listing(), foreign);
  assert.ok(!existsSync(here.changes), 'the folder of the changes is gone');
  await until(() => processesNaming(here.changes).length === 0);
  const again = here.cli('remove');
  assert.equal(again.status, 0);
  assert.match(again.stdout, /nothing to remove/);
});

test('rules that somebody changed are not confirmed, and status says so', async (t) => {
  const here = await start(t);
  if (here === undefined) return;
  here.configure(ONE);
  here.cli('apply', '--confirm-within', '60m');
  here.nft('insert rule inet clawgress host_output accept');
  assert.equal(here.cli('confirm').status, 1);
  assert.equal(here.cli('status').status, 1);
  assert.equal(
    here.probe('host', '2001:2001', [['tcp', OUTSIDE.four, 80]])[0],
    'open',
    'the change mattered',
  );
});

test('what is confirmed with --persist is there for the next boot, and remove takes it away', async (t) => {
  const here = await start(t);
  if (here === undefined) return;
  const etc = mkdtempSync(join(tmpdir(), 'cg-etc-'));
  t.after(() => rmSync(etc, { recursive: true, force: true }));
  writeFileSync(join(etc, 'passwd'), 'root:x:0:0::/root:/bin/sh\nrobot:x:2001:2001::/:/bin/sh\n');
  writeFileSync(join(etc, 'subuid'), 'robot:165536:65536\n');
  here.configure(ONE);
  const applied = here.cliElsewhere(etc, 'apply', '--persist', '--confirm-within', '60m');
  assert.match(applied.stderr, /lends agents the user ids 165536-231071/);
  const ruleset = join(etc, 'clawgress', 'nftables.nft');
  assert.ok(!existsSync(ruleset), 'nothing is kept before the confirmation');
  const confirmed = here.cliElsewhere(etc, 'confirm');
  assert.equal(confirmed.status, 3, 'without systemd somebody has to load it');
  assert.match(confirmed.stderr, /next: have the boot scripts of this system run/);
  assert.equal(readFileSync(ruleset, 'utf8'), here.cli('render').stdout);
  assert.match(here.cliElsewhere(etc, 'status').stdout, /at boot {3}these rules/);
  here.configure(TWO);
  assert.match(here.cliElsewhere(etc, 'status').stdout, /at boot {3}other rules/);
  assert.match(here.cliElsewhere(etc, 'remove', '--json').stdout, /"was_persisted": true/);
  assert.ok(!existsSync(ruleset), 'it is gone');
  assert.deepEqual(readdirSync(join(etc, 'systemd', 'system')), []);
});
