import type { BudgetState } from './budget_operation.ts';
import { USED_MAX } from './budget_window.ts';
import { TenantEntries } from './tenant_entries.ts';
import type { TenantKeys } from './tenant_keys.ts';

/** Charges that leave the window together: `[ledger time from which on they count no more, sum]`. */
export type Slot = readonly [until_us: number, used: number];

/** `[key commitment, tenant, highest percentage recorded, slots]` */
export type BudgetEntry = readonly [string, string, number, readonly Slot[]];

interface Entry {
  readonly tenant: string;
  readonly slots: Map<number, number>;
  near: number;
}

/**
 * Budgets by key commitment. Slots whose time is over equal none, and an entry without others equals none, so both may be
 * dropped at any time. No more slots than the window has: the key names the window.
 */
export class Budgets {
  readonly #entries: TenantEntries<Entry>;

  constructor(keys: TenantKeys) {
    this.#entries = new TenantEntries(keys, (tenant) => ({ tenant, slots: new Map(), near: 0 }));
  }

  has(commitment: string): boolean {
    return this.#entries.has(commitment);
  }

  /** Earliest end first. */
  live(commitment: string, now_us: number): Slot[] {
    const slots = [...(this.#entries.get(commitment)?.slots ?? [])];
    return slots.filter(([until]) => until > now_us).sort(([a], [b]) => a - b);
  }

  /** Highest percentage recorded. */
  nearOf(commitment: string): number {
    return this.#entries.get(commitment)?.near ?? 0;
  }

  /** What a record says that it charged. */
  charge(tenant: string, state: BudgetState): void {
    const { key_commitment, until, amount, now, used_before, cap, near } = state;
    const entry = this.#entries.getOrAdd(key_commitment, tenant);
    dropPassed(entry, now);
    entry.near = near ?? nearKept(entry.near, used_before, cap);
    addTo(entry, until, amount);
  }

  /** Takes back, or charges more, in a slot that still counts. */
  adjust(commitment: string, tenant: string, until: number, difference: number, now_us: number): void {
    if (until <= now_us || difference === 0) return;
    addTo(this.#entries.getOrAdd(commitment, tenant), until, difference);
  }

  restore([commitment, tenant, near, slots]: BudgetEntry): void {
    const entry = this.#entries.getOrAdd(commitment, tenant);
    entry.near = near;
    for (const [until, used] of slots) entry.slots.set(until, used);
  }

  /** Looks at no more than `budget` entries, continuing where the last sweep stopped. */
  sweep(now_us: number, budget: number): void {
    this.#entries.sweep(budget, (entry) => {
      dropPassed(entry, now_us);
      return entry.slots.size === 0;
    });
  }

  *entries(now_us: number): Generator<BudgetEntry> {
    for (const [commitment, { tenant, near }] of this.#entries) {
      const slots = this.live(commitment, now_us);
      if (slots.length > 0) yield [commitment, tenant, near, slots];
    }
  }
}

/** The percentage that needs no second event: forgotten once less than half of it is used. */
export function nearKept(near: number, used: number, cap: number): number {
  return used * 200 < cap * near ? 0 : near;
}

function dropPassed({ slots }: Entry, now_us: number): void {
  for (const until of slots.keys()) if (until <= now_us) slots.delete(until);
}

function addTo({ slots }: Entry, until: number, amount: number): void {
  const used = (slots.get(until) ?? 0) + amount;
  slots.set(until, Math.min(USED_MAX, Math.max(0, used)));
}
