import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Boundary } from './boundary.ts';
import { cut, Dice, mutate } from './mutate.ts';

/** Inputs that once crashed something or got a wrong verdict; replayed in every test run. */
export const REGRESSIONS = join(import.meta.dirname, 'regressions');
const SHRINK_TRIES = 400;
const YIELD_EVERY = 64;

export interface Failure {
  readonly input: Uint8Array;
  readonly error: unknown;
}

export interface FuzzResult {
  readonly runs: number;
  readonly accepted: number;
  readonly failure?: Failure;
}

export interface Bounds {
  readonly seed: number;
  readonly runs?: number;
  readonly until_ms?: number;
}

/** Mutates the corpus until a bound is reached or the first failure, which comes back shrunk. */
export async function fuzz(boundary: Boundary, { seed, runs, until_ms }: Bounds): Promise<FuzzResult> {
  const dice = new Dice(seed);
  // Plain copies: a Buffer's slice is a view, and the mutations would spoil the corpus.
  const corpus = boundary.corpus.map((one) => new Uint8Array(one));
  let done = 0;
  let accepted = 0;
  for (; (runs === undefined || done < runs) && (until_ms === undefined || Date.now() < until_ms); done++) {
    const input = mutate(dice.of(corpus), dice, corpus);
    const failure = await failureOf(boundary, input, () => accepted++);
    if (failure !== undefined) return { runs: done + 1, accepted, failure: await shrink(boundary, failure) };
    if (done % YIELD_EVERY === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { runs: done, accepted };
}

async function failureOf(
  boundary: Boundary,
  input: Uint8Array,
  onAccepted: () => void = () => {},
): Promise<Failure | undefined> {
  try {
    if (await boundary.check(input)) onAccepted();
    return undefined;
  } catch (error) {
    return { input, error };
  }
}

/** Removes pieces as long as the input still fails. */
async function shrink(boundary: Boundary, first: Failure): Promise<Failure> {
  let smallest = first;
  let tries = 0;
  for (let size = first.input.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < smallest.input.length && tries < SHRINK_TRIES; tries++) {
      const failure = await failureOf(boundary, cut(smallest.input, at, size));
      if (failure === undefined) at += size;
      else smallest = failure;
    }
  }
  return smallest;
}

export function regressionsOf(name: string): readonly (readonly [string, Uint8Array])[] {
  const folder = join(REGRESSIONS, name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => [file, readFileSync(join(folder, file))] as const);
}

/** Returns the file that now holds the input. */
export function saveRegression(name: string, input: Uint8Array): string {
  const folder = join(REGRESSIONS, name);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`);
  writeFileSync(file, input);
  return file;
}
