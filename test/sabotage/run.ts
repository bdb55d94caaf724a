/**
 * `npm run test:sabotage [name …]`: breaks one line at a time in a copy of the checkout and proves that the named
 * test turns red, and that it was green before. A promise whose test survives its sabotage is not tested.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SABOTAGES } from './list.ts';
import type { Sabotage } from './sabotage.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COPIED = [
  'src',
  'test',
  'bin',
  'proto',
  'policies',
  'envoy',
  'docs',
  'bundles',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'README.md',
];
const TEST_TIMEOUT_MS = 240_000;
const LANES = 2;
const TRIES_MAX = 3;

function copyCheckout(): string {
  const copy = mkdtempSync(join(tmpdir(), 'clawgress-sabotage-'));
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  for (const name of ['node_modules', '.cache']) symlinkSync(join(ROOT, name), join(copy, name));
  return copy;
}

/** Tests under way. Each leads a group of its own, so that what it started ends with it. */
const running = new Set<ChildProcess>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const child of running) killGroup(child);
    process.exit(1);
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Exit code and output of the named test alone; zero executed tests counts as red nowhere: it is an error. */
async function runTest(
  cwd: string,
  sabotage: Sabotage,
): Promise<{ red: boolean; ran: number; output: string }> {
  const args = [
    '--import',
    'tsx',
    '--import',
    './test/support/seed.ts',
    '--test',
    '--test-reporter=tap',
    '--test-name-pattern',
    sabotage.test.name,
    sabotage.test.file,
  ];
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const timer = setTimeout(() => killGroup(child), TEST_TIMEOUT_MS);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  running.delete(child);
  const count = (what: string) => Number(new RegExp(`^# ${what} (\\d+)`, 'm').exec(output)?.[1] ?? 0);
  // One that hung behind its failure was ended before it could count.
  const hasFailed = count('fail') > 0 || /^ *not ok /m.test(output);
  return { red: code !== 0 && hasFailed, ran: count('pass') + count('fail'), output };
}

function applySabotage(copy: string, { file, find, replace }: Sabotage): void {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  const hits = source.split(find).length - 1;
  if (hits !== 1)
    throw new Error(`${file}: the line to break was found ${hits} times, expected once: ${find}`);
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
  // Tests that start the real command line build it anew; the one that was built before is not broken.
  rmSync(join(copy, 'dist'), { recursive: true, force: true });
}

type Outcome = Awaited<ReturnType<typeof runTest>>;

/** What the named tests say before anything is broken; each is asked once. */
class Intact {
  readonly #copy = copyCheckout();
  readonly #said = new Map<string, Promise<Outcome>>();

  run(sabotage: Sabotage): Promise<Outcome> {
    const key = `${sabotage.test.file} ${sabotage.test.name}`;
    const said = this.#said.get(key) ?? runTest(this.#copy, sabotage);
    this.#said.set(key, said);
    return said;
  }

  remove(): void {
    rmSync(this.#copy, { recursive: true, force: true });
  }
}

async function prove(sabotage: Sabotage, intact: Intact): Promise<string | undefined> {
  const before = await intact.run(sabotage);
  if (before.ran === 0)
    return `no test named ${sabotage.test.name} in ${sabotage.test.file}\n${before.output}`;
  if (before.red) return `the test is red before the sabotage\n${before.output}`;
  const copy = copyCheckout();
  try {
    applySabotage(copy, sabotage);
    let after = await runTest(copy, sabotage);
    // Tests of what happens at the same time may miss it once; one that hardly ever notices is no proof.
    for (let tries = 1; !after.red && tries < TRIES_MAX; tries++) after = await runTest(copy, sabotage);
    return after.red ? undefined : `the test stayed green after the sabotage\n${after.output.slice(-2000)}`;
  } catch (error) {
    return String(error);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const wanted = process.argv.slice(2);
const chosen = wanted.length === 0 ? [...SABOTAGES] : SABOTAGES.filter(({ name }) => wanted.includes(name));
if (chosen.length === 0) {
  process.stderr.write(`no such sabotage; known: ${SABOTAGES.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}
const intact = new Intact();
const queue = [...chosen];
let failed = 0;
/** The tests wait for disks and processes more than they compute. */
async function lane(): Promise<void> {
  for (let sabotage = queue.shift(); sabotage !== undefined; sabotage = queue.shift()) {
    const problem = await prove(sabotage, intact);
    if (problem !== undefined) failed++;
    const word = problem === undefined ? 'caught' : 'NOT CAUGHT';
    process.stdout.write(`${word}  ${sabotage.name}: ${sabotage.breaks}\n`);
    if (problem !== undefined) process.stdout.write(`${problem}\n`);
  }
}
await Promise.all(Array.from({ length: LANES }, lane));
intact.remove();
process.stdout.write(`\n${chosen.length - failed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
