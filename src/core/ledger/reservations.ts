import type { OutcomeState } from '../receipt/records.ts';
import type { BudgetSettlement, BudgetState } from './budget_operation.ts';
import { AMOUNT_MAX } from './budget_window.ts';
import type { Budgets } from './budgets.ts';

/** What one allow holds of each budget until its answer is settled. */
export interface Reservation {
  readonly receipt_id: string;
  readonly tenant: string;
  readonly held: readonly Held[];
  /** Ledger time of the outcome. */
  readonly closed_us?: number;
}

type Held = Omit<BudgetSettlement, 'settled'>;

/** What is known of a call after its answer. */
export interface CallCost {
  readonly usage?: { readonly input: number; readonly output: number };
  readonly cost_micro_usd?: number;
}

/** How long after its outcome a call may still be settled: the record of the answer and the log line race each other. */
export const SETTLED_WITHIN_US = 300_000_000;
/** Reservations with an outcome that are remembered; those without are bounded by the open decisions. */
export const CLOSED_RESERVATIONS_MAX = 100_000;

/** Reservations by receipt id: a fold over records alone. What is forgotten stays charged. */
export class Reservations {
  readonly #budgets: Budgets;
  readonly #open = new Map<string, Reservation>();
  /** In the order of their outcomes. */
  readonly #closed = new Map<string, Reservation>();

  constructor(budgets: Budgets) {
    this.#budgets = budgets;
  }

  get size(): number {
    return this.#open.size + this.#closed.size;
  }

  /** The budgets that an allow was charged to. */
  hold(receipt_id: string, tenant: string, states: readonly BudgetState[]): void {
    const held = states.filter((state) => isCharged(state) || state.amount === 0).map(heldOf);
    if (held.length > 0) this.#open.set(receipt_id, { receipt_id, tenant, held });
  }

  /** What the call comes to in each budget; what is not known stays as reserved. Undefined: nothing is held. No effect. */
  settlementOf(receipt_id: string, cost: CallCost, now_us: number): readonly BudgetSettlement[] | undefined {
    const found = this.#find(receipt_id, now_us);
    return found?.held.map((held) => ({ ...held, settled: settledOf(held, cost) }));
  }

  /** What a record says that was settled. */
  settle(receipt_id: string, settled: readonly BudgetSettlement[], now_us: number): void {
    const found = this.#find(receipt_id, now_us);
    if (found === undefined) return;
    this.#forget(receipt_id);
    for (const one of settled) this.#adjust(found, one, one.settled - one.reserved, now_us);
  }

  /** What never left costs nothing; everything else stays as reserved unless the answer says more. */
  close(receipt_id: string, state: OutcomeState | undefined, now_us: number): void {
    const found = this.#open.get(receipt_id);
    if (found === undefined) return;
    this.#forget(receipt_id);
    if (state === 'not_sent') {
      for (const one of found.held) this.#adjust(found, one, -one.reserved, now_us);
      return;
    }
    this.#closed.set(receipt_id, { ...found, closed_us: now_us });
    const [oldest] = this.#closed.keys();
    if (this.#closed.size > CLOSED_RESERVATIONS_MAX && oldest !== undefined) this.#closed.delete(oldest);
  }

  /** Forgets what was not settled in time. */
  age(now_us: number): void {
    for (const [receipt_id, { closed_us = 0 }] of this.#closed) {
      if (!isOver(closed_us, now_us)) return;
      this.#closed.delete(receipt_id);
    }
  }

  restore(entries: Iterable<Reservation>): void {
    for (const one of entries) {
      const map = one.closed_us === undefined ? this.#open : this.#closed;
      map.set(one.receipt_id, one);
    }
  }

  all(): Reservation[] {
    return [...this.#open.values(), ...this.#closed.values()];
  }

  /** Whether it was forgotten already must not show. */
  #find(receipt_id: string, now_us: number): Reservation | undefined {
    const closed = this.#closed.get(receipt_id);
    if (closed !== undefined && isOver(closed.closed_us ?? 0, now_us)) return undefined;
    return closed ?? this.#open.get(receipt_id);
  }

  #forget(receipt_id: string): void {
    this.#open.delete(receipt_id);
    this.#closed.delete(receipt_id);
  }

  #adjust(
    { tenant }: Reservation,
    { key_commitment, until }: Held,
    difference: number,
    now_us: number,
  ): void {
    this.#budgets.adjust(key_commitment, tenant, until, difference, now_us);
  }
}

/** Whether a record's state was charged: not on a denial, and not beyond the keys of a tenant. */
export function isCharged({ used_before, used_after }: BudgetState): boolean {
  return used_after !== used_before;
}

function heldOf({ limit_id, key_commitment, unit, until, amount }: BudgetState): Held {
  return { limit_id, key_commitment, unit, until, reserved: amount };
}

function settledOf({ unit, reserved }: Held, { usage, cost_micro_usd }: CallCost): number {
  const tokens = usage === undefined ? undefined : usage.input + usage.output;
  return Math.min(AMOUNT_MAX, (unit === 'tokens' ? tokens : cost_micro_usd) ?? reserved);
}

function isOver(closed_us: number, now_us: number): boolean {
  return now_us - closed_us >= SETTLED_WITHIN_US;
}
