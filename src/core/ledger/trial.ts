import { type Asker, beyondLimit, exhaustedTat, waitBeyond } from './beyond_limit.ts';
import type { BudgetOp } from './budget_operation.ts';
import { nearOfBudget, stepBudget, withExhausted } from './budget_step.ts';
import { nearKept } from './budgets.ts';
import { stepGcra } from './gcra.ts';
import type { LimitMemory } from './limit_memory.ts';
import type { GcraOp, LedgerOp } from './operation.ts';
import type { TestedBucket } from './tested_bucket.ts';
import type { TestedBudget } from './tested_budget.ts';

/** The operations of one proposal, one after the other, each on top of what the ones before would charge. No effect. */
export class Trial {
  readonly #memory: LimitMemory;
  readonly #tenant: string;
  readonly #now_us: number;
  readonly #asker: Asker;
  /** Arrival times, amounts and percentages that earlier operations would leave, by key commitment. */
  readonly #tats = new Map<string, number>();
  readonly #spent = new Map<string, { readonly amount: number; readonly near: number }>();
  #new_keys = 0;

  constructor(memory: LimitMemory, tenant: string, now_us: number, asker: Asker) {
    this.#memory = memory;
    this.#tenant = tenant;
    this.#now_us = now_us;
    this.#asker = asker;
  }

  test(op: LedgerOp, commitment: string): TestedBucket | TestedBudget {
    return op.op === 'budget' ? this.#testBudget(op, commitment) : this.#testBucket(op, commitment);
  }

  #testBucket(op: GcraOp, commitment: string): TestedBucket {
    const { buckets } = this.#memory;
    const now_us = this.#now_us;
    const bucket = buckets.live(commitment, now_us);
    const tat = this.#tats.get(commitment) ?? bucket?.tat ?? exhaustedTat(op, buckets.exhausted_us);
    const isNew = !this.#tats.has(commitment) && !buckets.has(commitment);
    const keys_full = isNew && !this.#hasRoom();
    const step = stepGcra(op, tat, now_us);
    const beyond = step.admitted ? undefined : beyondLimit(op, step, bucket, this.#asker, now_us);
    const wait_us = step.admitted ? 0 : waitBeyond(op, step, this.#asker);
    if ((step.admitted || beyond !== undefined) && !keys_full) {
      if (isNew) this.#new_keys++;
      this.#tats.set(commitment, beyond?.tat_after ?? step.tat_after);
    }
    return { op, commitment, step, keys_full, beyond, wait_us, near: bucket?.near ?? 0 };
  }

  #testBudget(op: BudgetOp, commitment: string): TestedBudget {
    const { budgets, buckets } = this.#memory;
    const pending = this.#spent.get(commitment);
    const isNew = pending === undefined && !budgets.has(commitment);
    const keys_full = isNew && !this.#hasRoom();
    const slots = withExhausted(
      op,
      budgets.live(commitment, this.#now_us),
      buckets.exhausted_us,
      this.#now_us,
    );
    const step = stepBudget(op, slots, pending?.amount ?? 0, this.#now_us);
    const near = nearKept(pending?.near ?? budgets.nearOf(commitment), step.used_before, op.cap);
    if (!keys_full && (step.admitted || op.mode === 'alert_only')) {
      if (isNew) this.#new_keys++;
      const amount = (pending?.amount ?? 0) + op.amount;
      const reached = op.amount > 0 ? nearOfBudget(op, step.used_after) : 0;
      this.#spent.set(commitment, { amount, near: Math.max(near, reached) });
    }
    return { op, commitment, step, keys_full, near };
  }

  #hasRoom(): boolean {
    return this.#memory.roomFor(this.#tenant, this.#new_keys + 1, this.#now_us);
  }
}
