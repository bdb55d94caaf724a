import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CliError } from '../../../src/cli/exit.ts';
import { secondsOf } from '../../../src/cli/intercept_apply.ts';
import { hostNft } from '../../../src/cli/intercept_host_access.ts';
import { PACKAGE_ROOT } from '../../../src/cli/package_root.ts';
import {
  bootPlaces,
  bootRules,
  removeBoot,
  UNIT,
  writeBoot,
} from '../../../src/intercept_host/nftables/boot.ts';
import { systemdArguments } from '../../../src/intercept_host/nftables/watchdog.ts';

const refused = (work: () => unknown): CliError => {
  try {
    work();
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

test('without root or without nft, the refusal says what to do', () => {
  const user = refused(() => hostNft('apply', 1000));
  assert.equal(user.exitCode, 3);
  assert.match(user.nextStep ?? '', /^sudo clawgress intercept nftables apply/);
  const bare = refused(() => hostNft('apply', 0, () => undefined));
  assert.equal(bare.exitCode, 3);
  assert.match(bare.nextStep ?? '', /apt-get install nftables/);
});

test('a time to confirm within is 1s to 60m', () => {
  assert.deepEqual(['1s', '30s', '2m', '60m', '3600s'].map(secondsOf), [1, 30, 120, 3600, 3600]);
  for (const text of ['', '0s', '30', '61m', '3601s', '-1s', '1h', '1.5s', '30s ']) {
    assert.equal(refused(() => secondsOf(text)).exitCode, 2, text);
  }
});

test('the unit for the boot loads the confirmed ruleset and never unloads it', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'cg-boot-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const places = bootPlaces(root);
  const template = readFileSync(join(PACKAGE_ROOT, 'deploy', 'systemd', UNIT), 'utf8');
  assert.equal(bootRules(places), undefined);
  const programs = { nft: '/usr/sbin/nft', ip: '/usr/sbin/ip' };
  writeBoot(places, { ruleset: 'rules\n', route: false }, template, programs);
  const unit = readFileSync(places.unit, 'utf8');
  assert.match(unit, new RegExp(`^ExecStart=/usr/sbin/nft -f ${places.ruleset}$`, 'm'));
  assert.doesNotMatch(unit, /^ExecStop=|@[A-Z]+@/m);
  assert.match(unit, /^After=.*nftables\.service$/m, 'which flushes every table when it starts');
  assert.doesNotMatch(unit, /sbin\/ip/);
  assert.deepEqual(bootRules(places), { ruleset: 'rules\n', route: false });

  writeBoot(places, { ruleset: 'rules\n', route: true }, template, programs);
  const lines = readFileSync(places.unit, 'utf8').split('\n');
  assert.deepEqual(
    lines.filter((line) => line.startsWith('ExecStart=')),
    [`ExecStart=-/bin/sh ${places.route} /usr/sbin/ip`, `ExecStart=/usr/sbin/nft -f ${places.ruleset}`],
    'the route first, and the rules whatever becomes of it',
  );
  assert.deepEqual(bootRules(places), { ruleset: 'rules\n', route: true });
  writeBoot(places, { ruleset: 'rules\n', route: false }, template, programs);
  assert.ok(!existsSync(places.route), 'a route that is not wanted any more is gone');
  assert.equal(removeBoot(places), true);
  assert.equal(removeBoot(places), false);
});

test('systemd runs the watchdog as a unit of its own', () => {
  const args = systemdArguments('abc', ['/bin/sh', 'watchdog.sh', '30']);
  assert.deepEqual(args.slice(0, 3), ['--quiet', '--collect', '--unit=clawgress-nftables-rollback-abc']);
  assert.deepEqual(args.slice(args.indexOf('--') + 1), ['/bin/sh', 'watchdog.sh', '30']);
});
