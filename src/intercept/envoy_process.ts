import { type ChildProcess, spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askAdmin } from './admin.ts';
import { createEpoch, type Epoch, markEnded, writeOwner } from './epochs.ts';
import { type LastLines, lastLines } from './last_lines.ts';
import { LOG_ROTATE_BYTES, rotateLog } from './log_rotation.ts';
import { endOldRuns, pruneOldRuns } from './old_runs.ts';

export interface EnvoyProcessOptions {
  readonly bin: string;
  /** Holds one folder per run. */
  readonly envoyDir: string;
  readonly adminSocket: string;
  readonly concurrency: number;
  /** The configuration text of one run; the caller binds settings, stamp and sockets. */
  readonly render: (run: { readonly epoch: string; readonly accessLog: string }) => string;
  readonly on: EnvoyEvents;
  /** Defaults fit production; tests shorten them. */
  readonly limits?: Partial<EnvoyLimits>;
}

/** Called at most once each per run. */
export interface EnvoyEvents {
  ready?(epoch: string): void;
  /** After the epoch is marked ended. `expected` when `stop` asked for it, whatever the exit looked like. */
  exited?(end: EnvoyExit): void;
}

export interface EnvoyExit {
  readonly epoch: string;
  readonly expected: boolean;
  /** Exit code, or the name of the signal. */
  readonly cause: string;
  /** Last lines of Envoy's own log. */
  readonly stderr: readonly string[];
}

export interface EnvoyLimits {
  readonly ready_ms: number;
  /** How long streams may finish after the listeners have closed. */
  readonly drain_ms: number;
  /** From SIGTERM to SIGKILL. */
  readonly kill_ms: number;
  readonly rotate_bytes: number;
  readonly rotate_check_ms: number;
}

const DEFAULTS: EnvoyLimits = {
  ready_ms: 15_000,
  drain_ms: 5_000,
  kill_ms: 5_000,
  rotate_bytes: LOG_ROTATE_BYTES,
  rotate_check_ms: 10_000,
};
const READY_POLL_MS = 25;
const DRAIN_POLL_MS = 100;
const FLUSH_MS = 200;

/** Envoy as a direct child, one run at a time. */
export interface EnvoyProcess {
  /** Starts a run; resolves when it serves. Rejects with Envoy's last words when it does not, and leaves nothing running. */
  start(): Promise<Epoch>;
  /** Closes listeners, lets streams finish for `drain_ms`, then ends the process. Safe to call twice. */
  stop(): Promise<void>;
  readonly pid: number | undefined;
}

/** Ends what an earlier, killed supervisor left behind, then is ready to start. */
export async function openEnvoyProcess(options: EnvoyProcessOptions): Promise<EnvoyProcess> {
  const limits = { ...DEFAULTS, ...options.limits };
  await endOldRuns(options.envoyDir, limits.kill_ms);
  await pruneOldRuns(options.envoyDir);
  let current: Run | undefined;
  return {
    async start() {
      if (current !== undefined) throw new Error('Envoy is already running');
      const run = await launch(options);
      current = run;
      run.gone.then(
        () => {
          if (current === run) current = undefined;
        },
        () => undefined,
      );
      await whenReady(run, options, limits);
      rotateWhileRunning(run, options.adminSocket, limits);
      return run.epoch;
    },
    async stop() {
      if (current !== undefined) await finish(current, options.adminSocket, limits);
    },
    get pid() {
      return current?.child.pid;
    },
  };
}

interface Run {
  readonly epoch: Epoch;
  readonly child: ChildProcess;
  readonly said: LastLines;
  /** Resolves after the epoch is marked and the owner told. */
  readonly gone: Promise<EnvoyExit>;
  stopping: boolean;
}

async function launch(options: EnvoyProcessOptions): Promise<Run> {
  const epoch = await createEpoch(options.envoyDir);
  const config = join(epoch.dir, 'envoy.json');
  // 0600: the file holds the stamp.
  await writeFile(config, options.render({ epoch: epoch.id, accessLog: join(epoch.dir, 'access.log') }), {
    mode: 0o600,
  });
  await rm(options.adminSocket, { force: true });
  const child = spawn(options.bin, args(config, options.concurrency), {
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own: Ctrl-C in the terminal must reach us alone, or streams would be cut before the drain.
    detached: true,
  });
  const said = lastLines();
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => said.push(chunk));
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    // `close` comes after the last line on stderr, which says why it ended.
    child.once('close', (code, signal) => resolve(signal ?? String(code)));
  });
  const run: Run = { epoch, child, said, stopping: false, gone: ended.then((cause) => settle(cause)) };
  const settle = async (cause: string): Promise<EnvoyExit> => {
    await markEnded(epoch);
    const exit = { epoch: epoch.id, expected: run.stopping, cause, stderr: said.lines() };
    options.on.exited?.(exit);
    return exit;
  };
  if (child.pid !== undefined) await writeOwner(epoch, child.pid);
  return run;
}

function args(config: string, concurrency: number): string[] {
  return [
    ...['-c', config, '--concurrency', String(concurrency)],
    // No shared memory segment: several instances run side by side on one host.
    '--disable-hot-restart',
    ...['--file-flush-interval-msec', String(FLUSH_MS)],
    // One component warns about each address block; its flood would push the real cause out of the last lines.
    ...['--log-level', 'warning', '--component-log-level', 'misc:error'],
  ];
}

async function whenReady(run: Run, options: EnvoyProcessOptions, limits: EnvoyLimits): Promise<void> {
  const deadline = performance.now() + limits.ready_ms;
  for (;;) {
    const exit = await Promise.race([run.gone, sleep(READY_POLL_MS)]);
    if (exit !== undefined)
      throw new Error(describe(`Envoy exited before it was ready (${exit.cause})`, run));
    if (await isLive(options.adminSocket)) break;
    if (performance.now() > deadline) {
      await kill(run, limits.kill_ms);
      throw new Error(describe(`Envoy was not ready within ${limits.ready_ms} ms`, run));
    }
  }
  options.on.ready?.(run.epoch.id);
}

/** A failed rotation is tried again with the next check; Envoy goes on writing to the file it has. */
function rotateWhileRunning(run: Run, adminSocket: string, limits: EnvoyLimits): void {
  const timer = setInterval(() => {
    rotateLog(run.epoch, adminSocket, limits.rotate_bytes).catch(() => undefined);
  }, limits.rotate_check_ms);
  run.gone.then(() => clearInterval(timer)).catch(() => clearInterval(timer));
}

function describe(what: string, run: Run): string {
  return [what, ...run.said.lines().map((line) => `  ${line}`)].join('\n');
}

async function isLive(adminSocket: string): Promise<boolean> {
  return askAdmin(adminSocket, 'GET', '/ready').then(
    (answer) => answer.status === 200,
    () => false,
  );
}

async function finish(run: Run, adminSocket: string, limits: EnvoyLimits): Promise<void> {
  if (!run.stopping) {
    run.stopping = true;
    await drain(run, adminSocket, limits.drain_ms);
  }
  await kill(run, limits.kill_ms);
}

/** Best effort: an Envoy that no longer answers is ended all the same. */
async function drain(run: Run, adminSocket: string, drain_ms: number): Promise<void> {
  const deadline = performance.now() + drain_ms;
  await askAdmin(adminSocket, 'POST', '/healthcheck/fail').catch(() => undefined);
  await askAdmin(adminSocket, 'POST', '/drain_listeners?graceful').catch(() => undefined);
  while (performance.now() < deadline && (await activeStreams(adminSocket)) > 0) {
    if ((await Promise.race([run.gone, sleep(DRAIN_POLL_MS)])) !== undefined) return;
  }
}

async function activeStreams(adminSocket: string): Promise<number> {
  const path = '/stats?filter=downstream_rq_active$&usedonly';
  const answer = await askAdmin(adminSocket, 'GET', path).catch(() => undefined);
  const counts = answer?.body.matchAll(/^http\.(explicit|base_url)\.downstream_rq_active: (\d+)$/gm) ?? [];
  return [...counts].reduce((sum, match) => sum + Number(match[2]), 0);
}

async function kill(run: Run, kill_ms: number): Promise<void> {
  run.child.kill('SIGTERM');
  const timer = setTimeout(() => run.child.kill('SIGKILL'), kill_ms);
  await run.gone;
  clearTimeout(timer);
}
