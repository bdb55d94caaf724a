import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { RecorderError } from '../../../src/recorder/options.ts';
import { receiptId } from '../../unit/recorder/workbench.ts';
import { perform, type RecorderTask } from './recorder_task.ts';

const CHILD = fileURLToPath(new URL('./child_recorder.ts', import.meta.url));

export interface Head {
  readonly log_id: string;
  readonly seq: number;
  readonly line_hash: string;
  readonly receipt_id: string;
}

export interface Ran {
  readonly code: number | null;
  readonly stderr: string;
  readonly heads: readonly Head[];
  readonly warnings: readonly string[];
}

const children = new Set<ChildProcess>();

export function killChildren(): void {
  for (const child of children) child.kill('SIGKILL');
}

/** A real recorder does its appends and is stopped in order; or it does them in a process of its own, which is killed. */
export async function runRecorder(task: RecorderTask, end: 'stop' | 'kill' = 'stop'): Promise<Ran> {
  return end === 'kill' ? await runAndKill(task) : await runHere(task);
}

async function runHere(task: RecorderTask): Promise<Ran> {
  const lines: string[] = [];
  try {
    const recorder = await perform(task, (line) => lines.push(line));
    await recorder.stop();
    return { code: 0, stderr: '', ...told(lines) };
  } catch (error) {
    if (!(error instanceof RecorderError)) throw error;
    return { code: 3, stderr: error.message, ...told(lines) };
  }
}

async function runAndKill(task: RecorderTask): Promise<Ran> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, JSON.stringify(task)]);
  children.add(child);
  const closed = once(child, 'close');
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => {
    stderr += part.toString();
  });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line === 'DONE') child.kill('SIGKILL');
  }
  const [code] = (await closed) as [number | null];
  children.delete(child);
  return { code, stderr, ...told(lines) };
}

function told(lines: readonly string[]): Pick<Ran, 'heads' | 'warnings'> {
  const heads = lines
    .map((line) => line.split(' '))
    .flatMap(([word, log_id = '', seq = '', line_hash = '', receipt_id = '']) =>
      word === 'HEAD' ? [{ log_id, seq: Number(seq), line_hash, receipt_id }] : [],
    );
  return { heads, warnings: lines.filter((line) => line.startsWith('WARN ')) };
}

export const EPOCH = '000001-0a1b2c3d';

/** A state folder below `root`, a copy of it, and storage elsewhere. */
export function place(root: string) {
  const dir = join(root, 'state');
  const copy = join(root, 'copy');
  const heads_file = join(root, 'elsewhere', 'heads');
  mkdirSync(join(root, 'elsewhere'));
  mkdirSync(join(dir, 'envoy', EPOCH), { recursive: true });
  return {
    dir,
    heads_file,
    log: join(dir, 'envoy', EPOCH, 'access.log'),
    save: () => cpSync(dir, copy, { recursive: true }),
    /** The whole folder, or all of it but one part that lives elsewhere. */
    restore(keep?: string) {
      const kept = join(root, 'kept');
      if (keep !== undefined) cpSync(join(dir, keep), kept, { recursive: true });
      rmSync(dir, { recursive: true });
      cpSync(copy, dir, { recursive: true });
      if (keep === undefined) return;
      rmSync(join(dir, keep), { recursive: true });
      cpSync(kept, join(dir, keep), { recursive: true });
    },
  };
}

/** One line of Envoy's log, of a request that was sent unless `attempts` is 0. */
export const logLine = (receipt_id: string, attempts = 1) =>
  `${JSON.stringify({
    ...{ receipt_id, request_id: receiptId(), start_ms: 1, code: 200, attempts, bytes_in: 0, bytes_out: 0 },
    ...{ duration_ms: 1, flags: '-', details: 'via_upstream', upstream: '127.0.0.1:80', route: 'any' },
  })}\n`;

export const newest = (heads: readonly Head[]): Head => heads.at(-1) ?? assert.fail('no head');
