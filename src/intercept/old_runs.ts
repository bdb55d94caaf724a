import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Epoch, hasEnded, listEpochs, livingOwner, markEnded } from './epochs.ts';

/** Settled runs whose log and configuration are kept for a look back. */
export const SETTLED_RUNS_KEPT = 8;
const POLL_MS = 25;

/**
 * Ends what a killed supervisor left running and marks its epochs, so that their logs can be settled. Throws when a
 * process does not go: its ports would be taken and its log still grow.
 */
export async function endOldRuns(envoyDir: string, kill_ms: number): Promise<void> {
  for (const epoch of await listEpochs(envoyDir)) {
    if (await hasEnded(epoch)) continue;
    await endOwner(epoch, 'SIGTERM', kill_ms);
    await endOwner(epoch, 'SIGKILL', kill_ms);
    if ((await livingOwner(epoch)) !== undefined)
      throw new Error(`an Envoy of an earlier run (${epoch.id}) does not end`);
    await markEnded(epoch);
  }
}

/** The number is looked up again before each signal: it may belong to somebody else by now. */
async function endOwner(epoch: Epoch, signal: 'SIGTERM' | 'SIGKILL', wait_ms: number): Promise<void> {
  const deadline = performance.now() + wait_ms;
  const pid = await livingOwner(epoch);
  if (pid === undefined) return;
  process.kill(pid, signal);
  while (performance.now() < deadline && (await livingOwner(epoch)) !== undefined) await sleep(POLL_MS);
}

/** Removes the oldest runs whose outcomes are all in the journal (the log reader marks those `swept`). */
export async function pruneOldRuns(envoyDir: string, keep = SETTLED_RUNS_KEPT): Promise<void> {
  const settled: string[] = [];
  for (const epoch of await listEpochs(envoyDir)) {
    const swept = await stat(join(epoch.dir, 'swept')).catch(() => undefined);
    if (swept !== undefined && (await hasEnded(epoch))) settled.push(epoch.dir);
  }
  for (const dir of settled.slice(0, Math.max(0, settled.length - keep))) await rm(dir, { recursive: true });
}
