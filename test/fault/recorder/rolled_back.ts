import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { receiptId } from '../../unit/recorder/workbench.ts';
import type { RecorderTask } from './child_recorder.ts';

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

/** A real recorder does its appends in a process of its own; then it is stopped in order, or killed. */
export async function runRecorder(task: RecorderTask, end: 'stop' | 'kill' = 'stop'): Promise<Ran> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, JSON.stringify(task)]);
  children.add(child);
  const closed = once(child, 'close');
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => {
    stderr += part.toString();
  });
  const heads: Head[] = [];
  const warnings: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, log_id = '', seq = '', line_hash = '', receipt_id = ''] = line.split(' ');
    if (word === 'HEAD') heads.push({ log_id, seq: Number(seq), line_hash, receipt_id });
    if (word === 'WARN') warnings.push(line);
    if (word !== 'DONE') continue;
    if (end === 'kill') child.kill('SIGKILL');
    else child.stdin.write('stop\n');
  }
  const [code] = (await closed) as [number | null];
  children.delete(child);
  return { code, stderr, heads, warnings };
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
