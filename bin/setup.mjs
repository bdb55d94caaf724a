// Installs what a checkout lacks: dependencies, the build, the Envoy binary. Plain Node, no dependencies,
// because it runs before there are any. Quick when nothing is missing: it compares digests and returns.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, buildIsCurrent } from './build.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
export const cacheDir = join(root, '.cache');
const envoyDir = join(cacheDir, 'envoy');

const NODE_MIN = [20, 19];
const LOCK_WAIT_MS = 600_000;

/** A failure that the user can act on: printed without a stack. */
export class SetupError extends Error {}

/**
 * Brings the checkout to a runnable state and returns the path of the Envoy binary, undefined when not asked for.
 * Throws SetupError with the way out in its message.
 */
export async function setup({ log = progress, env = process.env, envoy = true } = {}) {
  checkNode(process.versions.node);
  const release = takeLock(log);
  try {
    installDependencies(log);
    await buildWhenStale(log);
    return envoy ? await provideEnvoy(log, env) : undefined;
  } finally {
    release();
  }
}

/** Only the build, for `bin/clawgress` in a checkout that was never set up. */
export async function setupBuild(log = progress) {
  await setup({ log, envoy: false });
}

export function progress(line) {
  process.stderr.write(`setup: ${line}\n`);
}

export function checkNode(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  throw new SetupError(
    `Node ${NODE_MIN.join('.')} or newer is needed, this is ${version}. Install a newer Node and run the command again.`,
  );
}

/**
 * True when node_modules holds exactly what the lockfile says, no more and no less, by version and digest. npm writes
 * its hidden lockfile last, so an interrupted install does not pass. Optional packages of other platforms may be absent.
 */
export function dependenciesMatch(lockText, installedText) {
  const wanted = JSON.parse(lockText).packages ?? {};
  const installed = JSON.parse(installedText).packages ?? {};
  const same = (found, entry) => found.version === entry.version && found.integrity === entry.integrity;
  const nothingMissing = Object.entries(wanted).every(([path, entry]) => {
    const found = installed[path];
    if (path === '' || (found === undefined && entry.optional === true)) return true;
    return found !== undefined && same(found, entry);
  });
  return nothingMissing && Object.keys(installed).every((path) => wanted[path] !== undefined);
}

/**
 * `npm install` and not `npm ci`: the latter refuses a lockfile when the registry lacks optional packages of other
 * platforms, as mirrors often do. It keeps to the lockfile; whether it did is checked afterwards, both ways.
 */
function installDependencies(log) {
  if (dependenciesAreCurrent()) return;
  log('installing dependencies from package-lock.json, about a minute the first time …');
  const args = ['install', '--no-save', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const done = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (done.error) {
    throw new SetupError(
      `npm could not be started (${done.error.message}). Install npm, which normally comes with Node.`,
    );
  }
  if (done.status !== 0) {
    throw new SetupError(
      'npm could not install the dependencies (see its message above). Without network access, copy node_modules from a machine that has it, or point npm at a mirror with `npm config set registry`.',
    );
  }
  if (!dependenciesAreCurrent()) {
    throw new SetupError(
      'what npm installed is not what package-lock.json says. Remove node_modules, take package-lock.json as committed, and run the command again.',
    );
  }
  log('dependencies installed');
}

function dependenciesAreCurrent() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  return dependenciesMatch(lock, readFileSync(installed, 'utf8'));
}

async function buildWhenStale(log) {
  if (buildIsCurrent()) return;
  log('building …');
  const problem = build();
  if (problem !== undefined) throw new SetupError(`the build failed:\n${problem}`);
  log('built');
}

async function provideEnvoy(log, env) {
  const { ensureEnvoy } = await import('./fetch-envoy.mjs');
  try {
    return await ensureEnvoy({ cacheDir: envoyDir, env, log });
  } catch (error) {
    throw new SetupError(error instanceof Error ? error.message : String(error));
  }
}

/** One set-up at a time per checkout: two installs in one folder destroy each other. */
function takeLock(log) {
  const path = join(cacheDir, 'setup.lock');
  const deadline = Date.now() + LOCK_WAIT_MS;
  mkdirSync(cacheDir, { recursive: true });
  for (let told = false; ; ) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (lockIsStale(path)) rmSync(path, { force: true });
    else if (Date.now() > deadline)
      throw new SetupError(`another set-up holds ${path} for too long; remove it if none runs.`);
    else if (!told) {
      log('waiting for another set-up of this checkout …');
      told = true;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

function lockIsStale(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    if (!Number.isInteger(pid) || pid <= 0) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** Runs `main`, turning a SetupError into one clear message and exit code 3. */
export async function orExplain(main) {
  try {
    return await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`setup: ${error.message}\n`);
    process.exit(3);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await orExplain(() => setup());
