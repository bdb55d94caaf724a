import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Part, Running } from './supervise.ts';

/** What a child tells its supervisor over the process channel. */
export const READY_MESSAGE = 'serving';

export interface NodeChildOptions {
  readonly name: string;
  /** Flags of Node itself. */
  readonly nodeFlags?: readonly string[];
  /** Arguments of our own CLI. */
  readonly args: readonly string[];
  readonly ready_ms: number;
  /** From SIGTERM to SIGKILL. */
  readonly stop_ms: number;
}

const KEPT_FLAGS = /^--(import|loader|enable-source-maps|max-old-space-size|conditions)/;

/** One of our own commands as a supervised part. It ends by itself when the channel to us breaks. */
export function nodeChild(options: NodeChildOptions): Part {
  return { name: options.name, start: () => start(options) };
}

async function start(options: NodeChildOptions): Promise<Running> {
  const child = spawn(
    process.execPath,
    [...nodeFlags(), ...(options.nodeFlags ?? []), mainFile(), ...options.args],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // A process group of its own: Ctrl-C in the terminal reaches only the supervisor, which stops things in order.
      detached: true,
    },
  );
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  await whenReady(child, gone, options);
  return {
    gone,
    stop: () => stop(child, gone, options.stop_ms),
    kill: () => void child.kill('SIGKILL'),
  };
}

async function whenReady(
  child: ChildProcess,
  gone: Promise<string>,
  options: NodeChildOptions,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const ready = new Promise<void>((resolve) => {
    child.on('message', (message) => {
      if (message === READY_MESSAGE) resolve();
    });
  });
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), options.ready_ms);
  });
  const first = await Promise.race([ready, gone, late]);
  clearTimeout(timer);
  if (first === undefined) return;
  if (first === 'late') {
    await stop(child, gone, options.stop_ms);
    throw new Error(`${options.name} did not serve within ${options.ready_ms} ms`);
  }
  throw new Error(`${options.name} ended before it served (${first})`);
}

async function stop(child: ChildProcess, gone: Promise<string>, stop_ms: number): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stop_ms);
  await gone;
  clearTimeout(timer);
}

function nodeFlags(): string[] {
  const flags = process.execArgv;
  return flags.flatMap((flag, index) => {
    if (KEPT_FLAGS.test(flag)) return flag.includes('=') ? [flag] : [flag, flags[index + 1] ?? ''];
    return [];
  });
}

/** main.ts beside this file when run from sources, main.js when built. */
function mainFile(): string {
  const self = fileURLToPath(import.meta.url);
  return join(dirname(self), self.endsWith('.ts') ? 'main.ts' : 'main.js');
}

/** For the child: tells the supervisor that it serves, and calls `end` when told to stop or left alone. */
export function underSupervisor(end: (why: 'signal' | 'orphaned') => void): { ready(): void } {
  process.once('SIGTERM', () => end('signal'));
  process.once('SIGINT', () => end('signal'));
  if (process.channel !== undefined) {
    process.once('disconnect', () => end('orphaned'));
  }
  return { ready: () => void process.send?.(READY_MESSAGE) };
}
