import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROUTE_PARTS, routeScript } from './policy_route.ts';

export const UNIT = 'clawgress-nftables.service';

/** Where the rules of the next boot live; `root` is `/`, except in tests. */
export function bootPlaces(root = '/') {
  return {
    ruleset: join(root, 'etc/clawgress/nftables.nft'),
    route: join(root, 'etc/clawgress/nftables-route.sh'),
    unit: join(root, 'etc/systemd/system', UNIT),
  };
}

/** What the next boot loads. */
export interface BootRules {
  readonly ruleset: string;
  /** Whether the policy route comes with them. */
  readonly route: boolean;
}

export interface Programs {
  readonly nft: string;
  readonly ip: string | undefined;
}

export type BootPlaces = ReturnType<typeof bootPlaces>;

/**
 * Writes ruleset, unit and, when it is wanted, the policy route; each file is whole or not there. `template` is the unit
 * with `@NFT@`, `@RULESET@`, `@IP@` and `@ROUTE@`; lines about a route that is not wanted are left out.
 */
export function writeBoot(places: BootPlaces, rules: BootRules, template: string, programs: Programs): void {
  const wanted = rules.route
    ? template
    : template
        .split('\n')
        .filter((line) => !line.includes('@ROUTE@'))
        .join('\n');
  const unit = wanted
    .replaceAll('@NFT@', programs.nft)
    .replaceAll('@RULESET@', places.ruleset)
    .replaceAll('@IP@', programs.ip ?? 'ip')
    .replaceAll('@ROUTE@', places.route);
  if (rules.route) writeWhole(places.route, routeScript(ROUTE_PARTS));
  else rmSync(places.route, { force: true });
  writeWhole(places.ruleset, rules.ruleset);
  writeWhole(places.unit, unit);
}

function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(`${path}.new`, text, { mode: 0o644 });
  renameSync(`${path}.new`, path);
}

/** True when something was there. */
export function removeBoot(places: BootPlaces): boolean {
  const found = [places.ruleset, places.route, places.unit].filter((path) => existsSync(path));
  for (const path of found) rmSync(path, { force: true });
  return found.length > 0;
}

/** What the next boot loads; undefined when nothing is kept. */
export function bootRules(places: BootPlaces): BootRules | undefined {
  const isKept = existsSync(places.ruleset) && existsSync(places.unit);
  if (!isKept) return undefined;
  return { ruleset: readFileSync(places.ruleset, 'utf8'), route: existsSync(places.route) };
}
