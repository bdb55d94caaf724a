import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../support/fault_random.ts';
import { type Ask, type BudgetWorld, dearest, type Heard } from './world.ts';

/** Connections; each has one call at a time. */
const CLIENTS = 100;
const AFTER_FAILURE_MS = 250;

export interface Crowd {
  readonly calls: number;
  /** How long the provider thinks. */
  readonly delayMsMax: number;
  /** Between the first calls of two clients; 0: all come at once. */
  readonly apartMs: number;
  readonly pauseMsMax: number;
  readonly random: Random;
}

/** So many calls of ten cents each, half of them streamed; every client makes the next one when it has its answer. */
export async function callInParallel({ ask }: BudgetWorld, crowd: Crowd): Promise<readonly Heard[]> {
  const heard: Heard[] = [];
  let count = 0;
  const client = async (index: number) => {
    await sleep(index * crowd.apartMs);
    while (count < crowd.calls) {
      const one = await ask(dear(`n-${count++}`, crowd));
      heard.push(one);
      await sleep(isFailure(one) ? AFTER_FAILURE_MS : crowd.random.below(crowd.pauseMsMax + 1));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)));
  return heard;
}

const REFUSALS_IN_A_ROW = 20;
const LAST_CALLS_MAX = 2_000;

/** Calls on, one after the other, until the budget says again and again that it is spent. */
export async function callUntilSpent({ ask }: BudgetWorld, random: Random): Promise<readonly Heard[]> {
  const heard: Heard[] = [];
  for (let refused = 0; refused < REFUSALS_IN_A_ROW && heard.length < LAST_CALLS_MAX; ) {
    const one = await ask(dear(`last-${heard.length}`, { random, delayMsMax: 20 }));
    heard.push(one);
    refused = one.code === 'LIMIT_SPEND' ? refused + 1 : 0;
    if (isFailure(one)) await sleep(AFTER_FAILURE_MS);
  }
  return heard;
}

function dear(nonce: string, { random, delayMsMax }: Pick<Crowd, 'random' | 'delayMsMax'>): Ask {
  const stream = random.next() < 0.5;
  return { nonce, stream, delayMs: random.below(delayMsMax), ending: 'complete', ...dearest(stream) };
}

function isFailure({ status }: Heard): boolean {
  return status === 0 || status === 503;
}

export function byAnswer(heard: readonly Heard[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, code } of heard) {
    const name = code === undefined ? String(status) : `${status} ${code}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
