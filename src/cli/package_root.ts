import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../core/receipt/records.ts';
import { DECISION_SEMANTICS } from '../core/verdict/decide.ts';

const here = dirname(fileURLToPath(import.meta.url));

/** Folder of package.json: two levels up both from src/cli and from dist/cli. */
export const PACKAGE_ROOT = join(here, '..', '..');

/** Where set-up keeps the downloaded Envoy. */
export const ENVOY_CACHE_DIR = join(PACKAGE_ROOT, '.cache', 'envoy');

export const PACKAGE_VERSION: string = readVersion();

function readVersion(): string {
  const text = readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return version;
}

/** What every decision record says about the code that judged. */
export function engine(): Engine {
  return {
    version: PACKAGE_VERSION,
    build_digest: buildDigest(join(here, '..')),
    semantics: DECISION_SEMANTICS,
  };
}

/** The digest that the build left beside its output; a run from sources hashes them itself. */
function buildDigest(codeDir: string): string {
  const stamp = join(codeDir, 'build.json');
  if (existsSync(stamp)) {
    const { source_digest } = JSON.parse(readFileSync(stamp, 'utf8')) as { source_digest: string };
    return source_digest;
  }
  const hash = createHash('sha256');
  const names = readdirSync(codeDir, { recursive: true }).map(String).sort();
  for (const name of names.filter((candidate) => /\.(ts|js)$/.test(candidate))) {
    hash.update(`${name}\0`).update(readFileSync(join(codeDir, name)));
  }
  return `sha256:${hash.digest('hex')}`;
}
