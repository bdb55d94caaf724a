import { fail, ok, type Result } from '../core/result.ts';
import { constraintsOf } from './constraints.ts';
import type { Leaf, LeafName } from './leaf.ts';
import type { Minter } from './minter.ts';
import { type NameConstraints, permits } from './name_constraints.ts';
import type { Authority } from './signer.ts';

/** Where the authority that signs is read from; `AuthorityStore` is one. */
export interface SigningSource {
  /** Who signs now; undefined: nobody. Throws when it cannot be read or its key is open to others. */
  signing(now_ms: number): (Authority & { readonly fingerprint: string }) | undefined;
}

export interface LeafSourceOptions {
  readonly authorities: SigningSource;
  readonly minter: Minter;
  /** Whether some rule in force could open an intercepted tunnel to this host; IPv6 without brackets. */
  readonly mayIntercept: (host: string) => boolean;
  /** Leaves kept for the next Envoy that asks. */
  readonly cacheMax: number;
  readonly on?: LeafEvents;
  /** Wall clock, milliseconds. */
  readonly nowMs?: () => number;
  /** How often the folder is looked at. */
  readonly pollMs?: number;
}

export interface LeafEvents {
  minted?(): void;
  /** A leaf was handed out again. */
  cached?(): void;
  /** At the start and with each change: who signs from now on; undefined: nobody can. */
  authority?(fingerprint: string | undefined): void;
  /** The folder cannot be used; the authority that was read last stays. */
  trouble?(error: unknown): void;
}

export interface LeafSource {
  /** `name` is canonical; IPv6 in brackets. */
  secretFor(name: string): Promise<Result<Leaf, 'NAME_REFUSED'>>;
  /** Called when leaves that were handed out should be asked for again. */
  onChange(listener: () => void): void;
  /** Other names may be intercepted now: policy has changed. */
  recheck(): void;
  close(): Promise<void>;
}

const POLL_MS = 5_000;
/** Of its life; a younger leaf is handed out again. Below the share at which holders ask for a new one. */
const FRESH_UNTIL = 1 / 2;

/** Throws when the authority that should sign cannot be read: better no start than one that refuses every name. */
export function openLeafSource(options: LeafSourceOptions): LeafSource {
  return new CachedLeaves(options);
}

interface CachedLeaf {
  readonly leaf: Leaf;
  readonly fresh_until_ms: number;
}

class CachedLeaves implements LeafSource {
  readonly #options: LeafSourceOptions;
  readonly #on: LeafEvents;
  readonly #nowMs: () => number;
  readonly #poll: NodeJS.Timeout;
  readonly #listeners: (() => void)[] = [];
  #leaves = new Map<string, CachedLeaf>();
  #minting = new Map<string, Promise<Result<Leaf, 'NAME_REFUSED'>>>();
  #fingerprint: string | undefined;
  #constraints: readonly NameConstraints[] = [];

  constructor(options: LeafSourceOptions) {
    this.#options = options;
    this.#on = options.on ?? {};
    this.#nowMs = options.nowMs ?? Date.now;
    this.#load();
    if (this.#fingerprint === undefined) this.#on.authority?.(undefined);
    this.#poll = setInterval(() => this.#look(), options.pollMs ?? POLL_MS).unref();
  }

  async secretFor(name: string): Promise<Result<Leaf, 'NAME_REFUSED'>> {
    const leafName = leafNameOf(name);
    if (!this.#isAllowed(leafName)) return fail('NAME_REFUSED');
    const cached = this.#leaves.get(name);
    if (cached !== undefined && this.#nowMs() < cached.fresh_until_ms) {
      this.#on.cached?.();
      this.#keep(name, cached);
      return ok(cached.leaf);
    }
    const running = this.#minting.get(name);
    if (running !== undefined) return running;
    const minting = this.#mint(name, leafName);
    this.#minting.set(name, minting);
    return minting;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  recheck(): void {
    for (const name of [...this.#leaves.keys()]) {
      if (!this.#isAllowed(leafNameOf(name))) this.#leaves.delete(name);
    }
    for (const listener of this.#listeners) listener();
  }

  async close(): Promise<void> {
    clearInterval(this.#poll);
    await this.#options.minter.close();
  }

  #isAllowed({ host, isAddress }: LeafName): boolean {
    if (this.#fingerprint === undefined || !this.#options.mayIntercept(host)) return false;
    return this.#constraints.every((one) => permits(one, host, isAddress));
  }

  async #mint(name: string, leafName: LeafName): Promise<Result<Leaf, 'NAME_REFUSED'>> {
    const [signedBy, start] = [this.#fingerprint, this.#nowMs()];
    const minting = this.#minting;
    const minted = await this.#options.minter.mint(leafName, start);
    minting.delete(name);
    if (!minted.ok) return fail('NAME_REFUSED');
    this.#on.minted?.();
    const fresh_until_ms = start + (minted.value.expires_ms - start) * FRESH_UNTIL;
    if (signedBy === this.#fingerprint) this.#keep(name, { leaf: minted.value, fresh_until_ms });
    return minted;
  }

  /** As the youngest; the least recently used one leaves. */
  #keep(name: string, cached: CachedLeaf): void {
    this.#leaves.delete(name);
    this.#leaves.set(name, cached);
    const [oldest] = this.#leaves.keys();
    if (oldest !== undefined && this.#leaves.size > this.#options.cacheMax) this.#leaves.delete(oldest);
  }

  #look(): void {
    try {
      this.#load();
    } catch (error) {
      this.#on.trouble?.(error);
    }
  }

  /** Cheap when nothing has changed: the folder holds a handful of small files. */
  #load(): void {
    const authority = this.#options.authorities.signing(this.#nowMs());
    if (authority?.fingerprint === this.#fingerprint) return;
    const constraints = authority === undefined ? [] : constraintsOf(authority.chainPem);
    const isFirst = this.#fingerprint === undefined;
    this.#options.minter.use(authority);
    [this.#fingerprint, this.#constraints] = [authority?.fingerprint, constraints];
    // Leaves of the former authority are replaced at once, so that its root can be removed.
    this.#leaves = new Map();
    this.#minting = new Map();
    this.#on.authority?.(authority?.fingerprint);
    if (!isFirst) this.recheck();
  }
}

function leafNameOf(name: string): LeafName {
  if (name.startsWith('[')) return { host: name.slice(1, -1), isAddress: true };
  // A canonical name whose last label is a number is dotted IPv4.
  return { host: name, isAddress: /(?:^|\.)[0-9]+$/.test(name) };
}
