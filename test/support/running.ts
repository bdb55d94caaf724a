import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free_port.ts';

const CLI = fileURLToPath(new URL('../../bin/clawgress', import.meta.url));
const READY_TIMEOUT_MS = 120_000;
/** Longer than the supervisor gives all its parts together. */
const STOP_TIMEOUT_MS = 90_000;
const READY_POLL_MS = 20;
/** The first line of the block that says so. Other lines of the log may contain the word. */
const READY = /^Clawgress \S+ is ready \(/m;

/** Where no time-out is judged: on a busy machine one decision may take longer than Envoy waits by default. */
export const PATIENT = { CLAWGRESS_CHECK_TIMEOUT_MS: '20000' } as const;
/** The same as a line of settings. */
export const PATIENT_LINE = 'check_timeout_ms: 20000';

export interface Endpoints {
  readonly explicit_proxy: string;
  readonly base_url: string;
  readonly metrics: string;
  readonly state_dir: string;
  readonly journal_dir: string;
  readonly public_keys: string;
  readonly ca_bundle: string;
  readonly demo: {
    readonly upstream_http: string;
    readonly upstream_https: string;
    readonly hits_url: string;
  };
}

export interface DemoAgent {
  readonly agent_id: string;
  readonly api_key: string;
  readonly allowed_hosts: readonly string[];
}

/** A whole gateway on free ports: the real CLI, the real Envoy. */
export interface Running {
  readonly up: ChildProcess;
  readonly stateDir: string;
  readonly endpoints: Endpoints;
  readonly agents: readonly DemoAgent[];
  /** Everything that `up` printed so far. */
  output(): string;
  /** Pid of the child of `up` that has `word` among its arguments: one or several joined by NUL, or the end of a path. */
  childPid(word: string): number;
  /** SIGINT, waits for the exit; the state folder stays until `remove`. */
  stop(): Promise<void>;
  remove(): void;
}

export async function startClawgress(
  options: {
    stateDir?: string;
    args?: readonly string[];
    /** Beside this process's own. */
    env?: Readonly<Record<string, string>>;
    /** A program with arguments that becomes the CLI: another user, for instance. */
    through?: readonly string[];
  } = {},
): Promise<Running> {
  const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), 'cg-test-'));
  const args = ['up', '--state-dir', stateDir, ...(await portFlags(stateDir)), ...(options.args ?? [])];
  const [program = CLI, ...more] = [...(options.through ?? []), CLI, ...args];
  const env = { ...process.env, ...options.env };
  const up = spawn(program, more, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let printed = '';
  for (const stream of [up.stdout, up.stderr])
    stream?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  // Not `exit`: what it said last may still be on its way to us.
  let hasEnded = false;
  up.once('close', () => {
    hasEnded = true;
  });
  await ready(
    up,
    () => printed,
    () => hasEnded,
  );
  const read = (name: string) => JSON.parse(readFileSync(join(stateDir, 'run', name), 'utf8'));
  return {
    up,
    stateDir,
    endpoints: read('endpoints.json'),
    agents: existsSync(join(stateDir, 'run', 'demo-credentials.json'))
      ? read('demo-credentials.json').agents
      : [],
    output: () => printed,
    childPid: (word) => childPid(up, word),
    stop: () => stop(up),
    remove: () => rmSync(stateDir, { recursive: true, force: true }),
  };
}

/** Reserved ones, which no other test takes before they are listened on; those of its last run for one that starts again. */
async function portFlags(stateDir: string): Promise<readonly string[]> {
  if (existsSync(join(stateDir, 'run', 'endpoints.json'))) return ['--ports', 'auto'];
  const flags = ['--explicit-port', '--base-url-port', '--metrics-port'];
  return (await Promise.all(flags.map(async (flag) => [flag, String(await freePort())]))).flat();
}

async function ready(up: ChildProcess, printed: () => string, hasEnded: () => boolean): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!READY.test(printed())) {
    if (hasEnded())
      throw new Error(`clawgress up exited with ${up.exitCode ?? up.signalCode}:\n${printed()}`);
    if (Date.now() > deadline) {
      up.kill('SIGKILL');
      throw new Error(`clawgress up was not ready in ${READY_TIMEOUT_MS} ms:\n${printed()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
}

async function stop(up: ChildProcess): Promise<void> {
  if (up.exitCode !== null || up.signalCode !== null) return;
  const exited = new Promise((resolve) => up.once('exit', resolve));
  up.kill('SIGINT');
  const timer = setTimeout(() => up.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

function childPid(up: ChildProcess, word: string): number {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1]);
      if (parent !== up.pid) continue;
      const line = `\0${readFileSync(`/proc/${entry}/cmdline`, 'utf8')}`;
      if (line.includes(`\0${word}\0`) || line.includes(`/${word}\0`)) return Number(entry);
    } catch {
      // The process ended between the listing and the reading.
    }
  }
  throw new Error(`no child of clawgress up matches ${word}`);
}

/** Often at first, for most of what is waited for is nearly there; then with pauses, so that waiting costs others nothing. */
const PAUSES_MS = [5, 10, 20, 40] as const;
const PAUSE_MS = 80;

/** Polls until `probe` gives a value. How long that takes is no promise unless `ms` is given. */
export async function eventually<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  what: string,
  ms = 60_000,
): Promise<T> {
  const deadline = Date.now() + ms;
  for (let times = 0; ; times++) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSES_MS[times] ?? PAUSE_MS));
  }
}
