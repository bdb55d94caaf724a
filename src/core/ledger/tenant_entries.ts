import type { TenantKeys } from './tenant_keys.ts';

/** What is known by key commitment; each entry counts as a live key of its tenant for as long as it is kept. */
export class TenantEntries<Entry extends { readonly tenant: string }> {
  readonly #entries = new Map<string, Entry>();
  readonly #keys: TenantKeys;
  readonly #newEntry: (tenant: string) => Entry;
  #cursor: IterableIterator<[string, Entry]> | undefined;

  constructor(keys: TenantKeys, newEntry: (tenant: string) => Entry) {
    this.#keys = keys;
    this.#newEntry = newEntry;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(commitment: string): boolean {
    return this.#entries.has(commitment);
  }

  get(commitment: string): Entry | undefined {
    return this.#entries.get(commitment);
  }

  getOrAdd(commitment: string, tenant: string): Entry {
    const known = this.#entries.get(commitment);
    if (known !== undefined) return known;
    const entry = this.#newEntry(tenant);
    this.#entries.set(commitment, entry);
    this.#keys.add(tenant);
    return entry;
  }

  /** Drops what is void. Looks at no more than `budget` entries, continuing where the last sweep stopped. */
  sweep(budget: number, isVoid: (entry: Entry) => boolean): void {
    for (let looked = 0; looked < budget; looked++) {
      this.#cursor ??= this.#entries.entries();
      const next = this.#cursor.next();
      if (next.done === true) {
        this.#cursor = undefined;
        return;
      }
      const [commitment, entry] = next.value;
      if (!isVoid(entry)) continue;
      this.#entries.delete(commitment);
      this.#keys.drop(entry.tenant);
    }
  }

  [Symbol.iterator](): IterableIterator<[string, Entry]> {
    return this.#entries.entries();
  }
}
