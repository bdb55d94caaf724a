// `npm test [-- unit|fuzz|integration|fault|e2e …]`: sets up what is missing, then runs Node's test runner over the suites.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cacheDir, orExplain, root, setup } from './setup.mjs';

const SUITES = ['unit', 'fuzz', 'integration', 'fault', 'e2e'];
// Suites start real Envoys and sync to disk; more files at once than this only makes them wait for each other. One more
// than two cores have, because many wait for time to pass.
const CONCURRENCY_MIN = 3;
const CONCURRENCY_MAX = 4;
const FILE_TIMEOUT_MS = 1_200_000;
// Starting a process takes longer than most tests of pure code: those share one, a few files at a time.
const SHARING = /^test\/unit\/core\//;
const SHARED_FILES_MAX = 12;

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !SUITES.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`unknown suite '${unknown}'; known: ${SUITES.join(', ')}\n`);
  process.exit(2);
}

const suites = asked.length > 0 ? SUITES.filter((name) => asked.includes(name)) : SUITES;
const files = suites.flatMap(testFiles);
if (files.length === 0) {
  process.stderr.write(`no test files in ${suites.join(', ')}\n`);
  process.exit(1);
}
const envoy = await orExplain(() => setup());
const runner = spawn(
  process.execPath,
  [
    '--import',
    'tsx',
    '--import',
    './test/support/seed.ts',
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${Math.max(CONCURRENCY_MIN, Math.min(CONCURRENCY_MAX, availableParallelism()))}`,
    `--test-timeout=${FILE_TIMEOUT_MS}`,
    ...shared(files),
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, ENVOY_BIN: process.env.ENVOY_BIN ?? envoy } },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => runner.kill(signal));
runner.on('error', (error) => {
  process.stderr.write(`the test runner could not be started: ${error.message}\n`);
  process.exit(3);
});
runner.on('exit', (code, signal) =>
  process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 15)),
);

function testFiles(suite) {
  const dir = join(root, 'test', suite);
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .sort()
    .map((name) => join('test', suite, name));
}

/** Files that share a process are imported by one that is written for it; failures still name their own file and line. */
function shared(all) {
  const dir = join(cacheDir, 'test-shared');
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const sharing = all.filter((file) => SHARING.test(file));
  const written = [];
  for (let at = 0; at < sharing.length; at += SHARED_FILES_MAX) {
    const imports = sharing
      .slice(at, at + SHARED_FILES_MAX)
      .map((file) => `await import(${JSON.stringify(pathToFileURL(join(root, file)).href)});\n`);
    const file = join(dir, `${at / SHARED_FILES_MAX}.test.mjs`);
    writeFileSync(file, imports.join(''));
    written.push(file);
  }
  return [...all.filter((file) => !SHARING.test(file)), ...written];
}
