import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kernel } from '../intercept_host/nftables/apply.ts';
import { type BootRules, bootPlaces, removeBoot, UNIT, writeBoot } from '../intercept_host/nftables/boot.ts';
import { findProgram } from '../intercept_host/nftables/nft.ts';
import { CliError, EXIT } from './exit.ts';
import { PACKAGE_ROOT } from './package_root.ts';

/** Writes rules and unit for the next boot and enables the unit. Throws CliError when systemd refuses. */
export function keepForBoot(rules: BootRules, { nft, route }: Kernel, places = bootPlaces()): void {
  const template = readFileSync(join(PACKAGE_ROOT, 'deploy', 'systemd', UNIT), 'utf8');
  writeBoot(places, rules, template, { nft: nft.path, ip: route.path });
  if (!isSystemd()) {
    const first = rules.route ? `/bin/sh ${places.route} ${route.path} && ` : '';
    throw new CliError(
      EXIT.unavailable,
      `the rules stay, but systemd does not run here, so nothing loads ${places.unit} at boot`,
      `have the boot scripts of this system run \`${first}${nft.path} -f ${places.ruleset}\` before the network is up`,
    );
  }
  systemctl(['daemon-reload']);
  systemctl(['enable', UNIT]);
}

/** Removes what `keepForBoot` wrote; true when there was something. */
export function forgetForBoot(places = bootPlaces()): boolean {
  if (!existsSync(places.unit)) return removeBoot(places);
  if (isSystemd()) systemctl(['disable', UNIT]);
  removeBoot(places);
  if (isSystemd()) systemctl(['daemon-reload']);
  return true;
}

function isSystemd(): boolean {
  return existsSync('/run/systemd/system') && findProgram('systemctl') !== undefined;
}

function systemctl(args: readonly string[]): void {
  const done = spawnSync(findProgram('systemctl') ?? 'systemctl', args, { encoding: 'utf8' });
  if (done.status === 0) return;
  const said = (done.stderr ?? '').trim() || 'no answer';
  throw new CliError(EXIT.unavailable, `systemctl ${args.join(' ')}: ${said}`, `systemctl status ${UNIT}`);
}
