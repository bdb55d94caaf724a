/** How many live keys of limits each tenant has, buckets and budgets together. */
export class TenantKeys {
  readonly #counts = new Map<string, number>();
  readonly #keys_max: number;

  constructor(keys_max: number) {
    this.#keys_max = keys_max;
  }

  /** Whether `more` new keys of one tenant still fit under the cap. */
  hasRoom(tenant: string, more: number): boolean {
    return (this.#counts.get(tenant) ?? 0) + more <= this.#keys_max;
  }

  add(tenant: string): void {
    this.#counts.set(tenant, (this.#counts.get(tenant) ?? 0) + 1);
  }

  drop(tenant: string): void {
    const left = (this.#counts.get(tenant) ?? 1) - 1;
    if (left === 0) this.#counts.delete(tenant);
    else this.#counts.set(tenant, left);
  }
}
