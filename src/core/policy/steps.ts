/**
 * Work that can be put down between any two steps. A large policy is swapped in on the thread that answers Checks: what
 * would hold it for half a second is done in pieces, and requests are answered between them.
 */
export type Steps<T> = Generator<undefined, T>;

/** Rules and hosts that are looked at in one step; well below a millisecond. */
const STEP_WEIGHT = 256;

/** All steps at once. */
export function finished<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Calls `visit` for each item, in order; an item weighs one and what `weigh` adds. */
export function* eachInSteps<T>(
  items: Iterable<T>,
  weigh: (item: T) => number,
  visit: (item: T) => void,
): Steps<void> {
  let weight = 0;
  for (const item of items) {
    visit(item);
    weight += 1 + weigh(item);
    if (weight < STEP_WEIGHT) continue;
    weight = 0;
    yield;
  }
}
