import { Buckets } from './buckets.ts';
import { Budgets } from './budgets.ts';
import { TenantKeys } from './tenant_keys.ts';

/** Entries looked at when a tenant seems full, so that drained buckets do not refuse a live one. */
const FULL_SWEEP_BUDGET = 1_024;

/** Buckets and budgets, whose keys are bounded together. */
export class LimitMemory {
  readonly buckets: Buckets;
  readonly budgets: Budgets;
  readonly #keys: TenantKeys;

  constructor(keys_max: number) {
    this.#keys = new TenantKeys(keys_max);
    this.buckets = new Buckets(this.#keys);
    this.budgets = new Budgets(this.#keys);
  }

  /** Whether `more` new keys of one tenant fit; what has emptied makes room first. */
  roomFor(tenant: string, more: number, now_us: number): boolean {
    if (this.#keys.hasRoom(tenant, more)) return true;
    this.sweep(now_us, FULL_SWEEP_BUDGET);
    return this.#keys.hasRoom(tenant, more);
  }

  sweep(now_us: number, budget: number): void {
    this.buckets.sweep(now_us, budget);
    this.budgets.sweep(now_us, budget);
  }
}
