/** `[key commitment, tenant, tat_us]` */
export type BucketEntry = readonly [string, string, number];

/** Rate buckets by key commitment. An entry with tat <= now is equivalent to none, so it may be dropped at any time. */
export class Buckets {
  readonly #entries = new Map<string, { readonly tenant: string; tat: number }>();
  readonly #per_tenant = new Map<string, number>();
  readonly #keys_max: number;
  #cursor: IterableIterator<[string, { readonly tenant: string; tat: number }]> | undefined;

  constructor(keys_max: number) {
    this.#keys_max = keys_max;
  }

  get size(): number {
    return this.#entries.size;
  }

  tat(commitment: string): number | undefined {
    return this.#entries.get(commitment)?.tat;
  }

  /** Whether `more` new keys of one tenant still fit under the cap. */
  hasRoom(tenant: string, more: number): boolean {
    return (this.#per_tenant.get(tenant) ?? 0) + more <= this.#keys_max;
  }

  set(commitment: string, tenant: string, tat: number): void {
    const entry = this.#entries.get(commitment);
    if (entry !== undefined) {
      entry.tat = tat;
      return;
    }
    this.#entries.set(commitment, { tenant, tat });
    this.#per_tenant.set(tenant, (this.#per_tenant.get(tenant) ?? 0) + 1);
  }

  /** Looks at no more than `budget` entries, continuing where the last sweep stopped. */
  sweep(now_us: number, budget: number): void {
    for (let looked = 0; looked < budget; looked++) {
      this.#cursor ??= this.#entries.entries();
      const next = this.#cursor.next();
      if (next.done === true) {
        this.#cursor = undefined;
        return;
      }
      const [commitment, entry] = next.value;
      if (entry.tat <= now_us) this.#drop(commitment, entry.tenant);
    }
  }

  *entries(): Generator<BucketEntry> {
    for (const [commitment, { tenant, tat }] of this.#entries) yield [commitment, tenant, tat];
  }

  #drop(commitment: string, tenant: string): void {
    this.#entries.delete(commitment);
    const left = (this.#per_tenant.get(tenant) ?? 1) - 1;
    if (left === 0) this.#per_tenant.delete(tenant);
    else this.#per_tenant.set(tenant, left);
  }
}
