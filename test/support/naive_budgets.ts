/**
 * An independent judge of budgets, in BigInt and from the words of docs/policy.md: a list of every charge there ever was,
 * added up anew each time. No slots are kept, nothing is folded, nothing is forgotten.
 */
export interface NaiveBudget {
  readonly id: string;
  readonly cap: bigint;
  /** Microseconds. */
  readonly width: bigint;
  /** Of a fixed window; absent: sliding. */
  readonly anchor?: bigint;
  readonly refuses: boolean;
}

interface Charge {
  readonly call: string;
  readonly name: string;
  readonly at: bigint;
  amount: bigint;
}

const SLOTS = 60n;
const SETTLED_WITHIN = 300_000_000n;

export class NaiveBudgets {
  readonly charges: Charge[] = [];
  readonly #ended = new Map<string, bigint>();
  readonly #done = new Set<string>();

  /** All are tested first and charged together. `wait`: until none refuses; undefined when no wait helps. */
  judge(
    call: string,
    wanted: readonly { readonly budget: NaiveBudget; readonly key: string; readonly amount: bigint }[],
    now: bigint,
  ): { readonly allowed: boolean; readonly wait: bigint | undefined } {
    const charges: Charge[] = [];
    let wait: bigint | undefined = 0n;
    let allowed = true;
    for (const { budget, key, amount } of wanted) {
      const name = `${budget.id} ${key}`;
      const before = charges.filter((one) => one.name === name).reduce((sum, one) => sum + one.amount, 0n);
      const isOver = this.used(budget, key, now) + before + amount > budget.cap;
      if (isOver && budget.refuses) {
        allowed = false;
        const own = this.#waitFor(budget, key, before + amount, now);
        if (own === undefined || wait === undefined) wait = undefined;
        else if (own > wait) wait = own;
      } else charges.push({ call, name, at: now, amount });
    }
    if (allowed) this.charges.push(...charges);
    else this.#done.add(call);
    return { allowed, wait };
  }

  used({ id, width, anchor }: NaiveBudget, key: string, now: bigint): bigint {
    const counts = ({ at }: Charge) =>
      anchor === undefined
        ? floor(at, width / SLOTS) + SLOTS >= floor(now, width / SLOTS)
        : floor(at - anchor, width) === floor(now - anchor, width);
    return this.charges
      .filter((one) => one.name === `${id} ${key}` && counts(one))
      .reduce((sum, { amount }) => sum + amount, 0n);
  }

  /** What was spent in the window of exactly this width that ends now, the present moment included. */
  strictly({ id, width }: NaiveBudget, key: string, now: bigint): bigint {
    return this.charges
      .filter(({ name, at }) => name === `${id} ${key}` && at > now - width && at <= now)
      .reduce((sum, { amount }) => sum + amount, 0n);
  }

  end(call: string, isSent: boolean, now: bigint): void {
    if (this.#ended.has(call)) return;
    this.#ended.set(call, now);
    if (isSent || this.#done.has(call)) return;
    this.#done.add(call);
    for (const one of this.charges) if (one.call === call) one.amount = 0n;
  }

  /** `actual` for each charge of the call, in their order; undefined: nobody knows. */
  settle(call: string, actual: readonly (bigint | undefined)[], now: bigint): void {
    const ended = this.#ended.get(call);
    if (this.#done.has(call) || (ended !== undefined && now - ended >= SETTLED_WITHIN)) return;
    this.#done.add(call);
    for (const [i, one] of this.charges.filter((charge) => charge.call === call).entries())
      one.amount = actual[i] ?? one.amount;
  }

  #waitFor(budget: NaiveBudget, key: string, amount: bigint, now: bigint): bigint | undefined {
    const step = budget.anchor === undefined ? budget.width / SLOTS : budget.width;
    const from = floor(now - (budget.anchor ?? 0n), step);
    for (let slot = 1n; slot <= SLOTS + 1n; slot++) {
      const then = (budget.anchor ?? 0n) + (from + slot) * step;
      if (this.used(budget, key, then) + amount <= budget.cap) return then - now;
    }
    return undefined;
  }
}

function floor(value: bigint, by: bigint): bigint {
  return value >= 0n ? value / by : -((-value + by - 1n) / by);
}
