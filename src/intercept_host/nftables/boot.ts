import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const UNIT = 'clawgress-nftables.service';

/** Where the rules of the next boot live; `root` is `/`, except in tests. */
export function bootPlaces(root = '/') {
  return {
    ruleset: join(root, 'etc/clawgress/nftables.nft'),
    unit: join(root, 'etc/systemd/system', UNIT),
  };
}

export type BootPlaces = ReturnType<typeof bootPlaces>;

/** Writes both files; each is whole or not there. `template` is the unit with `@NFT@` and `@RULESET@`. */
export function writeBoot(places: BootPlaces, ruleset: string, template: string, nft: string): void {
  const unit = template.replaceAll('@NFT@', nft).replaceAll('@RULESET@', places.ruleset);
  for (const [path, text] of [[places.ruleset, ruleset] as const, [places.unit, unit] as const]) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    writeFileSync(`${path}.new`, text, { mode: 0o644 });
    renameSync(`${path}.new`, path);
  }
}

/** True when something was there. */
export function removeBoot(places: BootPlaces): boolean {
  const found = [places.ruleset, places.unit].filter((path) => existsSync(path));
  for (const path of found) rmSync(path, { force: true });
  return found.length > 0;
}

/** The ruleset of the next boot; undefined when none is kept. */
export function bootRuleset(places: BootPlaces): string | undefined {
  const isKept = existsSync(places.ruleset) && existsSync(places.unit);
  return isKept ? readFileSync(places.ruleset, 'utf8') : undefined;
}
