import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Server } from '@grpc/grpc-js';
import type { Health } from './health.ts';

export interface DrainBounds {
  /** How long running Checks may finish before connections close. */
  readonly graceMs: number;
  /** How long closing connections may take before they are cut. */
  readonly forceMs: number;
}

export const DRAIN_BOUNDS: DrainBounds = { graceMs: 2_000, forceMs: 5_000 };

export interface Draining {
  readonly server: Server;
  readonly health: Pick<Health, 'set'>;
  /** Checks, and requests whose body or answer is looked at. */
  readonly running: readonly InFlight[];
  /** What stays open by itself, and would hold the shutdown of its connection. */
  readonly streams: readonly { end(): void }[];
}

/**
 * The end of a server: health says NOT_SERVING, what runs finishes, GOAWAY, close. Bounded by both times.
 * Checks that outlive even the force keep running to their record; only their answer is lost. Inspections that do are
 * cut, and what was found until then is recorded.
 */
export async function drain(
  { server, health, running, streams }: Draining,
  bounds: DrainBounds,
): Promise<void> {
  health.set(false);
  const idle = async () => void (await Promise.all(running.map((one) => one.idle())));
  await within(bounds.graceMs, idle());
  for (const stream of streams) stream.end();
  const closed = promisify(server.tryShutdown.bind(server))();
  if (await within(bounds.forceMs, closed)) return;
  server.forceShutdown();
  await within(bounds.graceMs, idle());
}

/** Whether `work` was done in time. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(ms, false, { signal: timer.signal }).catch(() => false);
  const done = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return done;
}

/** Counts what runs and tells when there are none. */
export class InFlight {
  count = 0;
  #waiting: (() => void)[] = [];

  begin(): void {
    this.count += 1;
  }

  end(): void {
    this.count -= 1;
    if (this.count > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  idle(): Promise<void> {
    return this.count === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}
