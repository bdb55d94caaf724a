import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { fail, ok, type Result } from '../core/result.ts';

const run = promisify(execFile);
/** Older versions crash on ext_authz + CONNECT and lack the resolved address filter. */
export const ENVOY_FLOOR = '1.40.0';
const VERSION_TIMEOUT_MS = 30_000;

export interface EnvoyBinary {
  readonly path: string;
  readonly version: string;
}

export interface BinaryProblem {
  readonly code: 'ENVOY_MISSING' | 'ENVOY_UNUSABLE' | 'ENVOY_TOO_OLD';
  /** One sentence for the operator, with what to do. */
  readonly message: string;
}

export interface BinarySearch {
  /** `envoy.bin` of the settings (`ENVOY_BIN` ends up there too); when set, nothing else is tried. */
  readonly bin?: string;
  /** The `PATH` to look along. */
  readonly path: string;
  /** Folder that the set-up downloads into. */
  readonly cacheDir: string;
}

/** Finds an Envoy and asks it for its version; never downloads (the set-up does that). */
export async function locateEnvoy(search: BinarySearch): Promise<Result<EnvoyBinary, BinaryProblem>> {
  if (search.bin !== undefined) return judge(search.bin, await versionOf(search.bin));
  let last: Result<EnvoyBinary, BinaryProblem> = fail({ code: 'ENVOY_MISSING', message: MISSING });
  for (const candidate of candidates(search)) {
    if (!(await executable(candidate))) continue;
    const judged = judge(candidate, await versionOf(candidate));
    if (judged.ok) return judged;
    last = judged;
  }
  return last;
}

const MISSING =
  'No Envoy was found: run the project set-up (it downloads the pinned one), put `envoy` on PATH, or set ENVOY_BIN.';

function candidates(search: BinarySearch): string[] {
  const folders = search.path.split(delimiter).filter(isAbsolute);
  return [...folders, search.cacheDir].map((folder) => join(folder, 'envoy'));
}

function judge(path: string, version: string | undefined): Result<EnvoyBinary, BinaryProblem> {
  if (version === undefined) {
    return fail({ code: 'ENVOY_UNUSABLE', message: `${path} does not run here as an Envoy. ${MISSING}` });
  }
  if (!newEnough(version)) {
    const message = `${path} is Envoy ${version}; ${ENVOY_FLOOR} or newer is needed.`;
    return fail({ code: 'ENVOY_TOO_OLD', message });
  }
  return ok({ path, version });
}

/** `1.40.0` out of `… version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`. */
export function parseEnvoyVersion(text: string): string | undefined {
  return /version:\s*[0-9a-f]+\/(\d{1,4}\.\d{1,4}\.\d{1,4})/.exec(text)?.[1];
}

export function newEnough(version: string): boolean {
  const found = version.split('.').map(Number);
  const floor = ENVOY_FLOOR.split('.').map(Number);
  const i = floor.findIndex((part, at) => found[at] !== part);
  return i < 0 || (found[i] ?? 0) > (floor[i] ?? 0);
}

async function versionOf(bin: string): Promise<string | undefined> {
  try {
    return parseEnvoyVersion((await run(bin, ['--version'], { timeout: VERSION_TIMEOUT_MS })).stdout);
  } catch {
    // Not executable, not for this machine, or not there: all mean the same to the caller.
    return undefined;
  }
}

async function executable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
