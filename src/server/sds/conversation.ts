import { type Ask, encodeRemoval, encodeSecret, versionOf } from './codec.ts';
import type { HeldLeaves } from './held_leaves.ts';
import { canonicalName } from './names.ts';
import type { LeafSecret, SecretEvents, SecretSource } from './ports.ts';

/** Names that one stream may hold or wait for. Envoy opens a stream for each name; one for all would do, too. */
export const SUBSCRIPTIONS_MAX = 4_096;
/** Of a leaf's life; what remains is the time to try again in. */
const RENEW_AT = 2 / 3;

/** What all streams share. */
export interface Shared {
  readonly source: SecretSource;
  readonly held: HeldLeaves<Conversation>;
  readonly events: SecretEvents;
  readonly nowMs: () => number;
}

interface Subscription {
  /** What Envoy has; empty while it has nothing. */
  version: string;
  /** When to ask for a younger leaf, milliseconds since the epoch. */
  renew_ms: number;
}

/** One stream of one Envoy. Every name that is asked for gets an answer: a handshake waits for it. */
export class Conversation {
  readonly #shared: Shared;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #names = new Map<string, Subscription>();
  #node = '';
  #nonce = 0;

  constructor(shared: Shared, write: (bytes: Uint8Array) => void) {
    this.#shared = shared;
    this.#write = write;
  }

  /** False when the stream has to end, because its Envoy is one too many. */
  hear(ask: Ask): boolean {
    if (this.#node === '') this.#node = ask.node;
    if (!this.#shared.held.admits(this.#node)) return false;
    if (ask.rejected) this.#shared.events.rejected?.();
    for (const name of ask.unsubscribe) this.#drop(name);
    const beyond = ask.subscribe.filter((name) => !this.#subscribe(name, ask.held[name] ?? ''));
    if (beyond.length > 0) this.#remove(beyond);
    return true;
  }

  /** Asks again for what is due at `now_ms`, or for everything; one name after the other. */
  async renew(now_ms = Number.POSITIVE_INFINITY): Promise<void> {
    for (const [name, subscription] of [...this.#names]) {
      if (subscription.renew_ms <= now_ms) await this.#answer(name, subscription);
    }
  }

  /** Envoy has to forget this leaf. */
  evict(name: string): void {
    if (!this.#names.delete(name)) return;
    this.#send((nonce) => encodeRemoval([name], nonce));
    this.#shared.events.evicted?.();
  }

  /** The stream is gone, and what it held with it. */
  end(): void {
    for (const name of [...this.#names.keys()]) this.#drop(name);
  }

  #subscribe(name: string, version: string): boolean {
    if (!this.#names.has(name) && this.#names.size >= SUBSCRIPTIONS_MAX) return false;
    const subscription = { version, renew_ms: Number.POSITIVE_INFINITY };
    this.#names.set(name, subscription);
    void this.#answer(name, subscription);
    return true;
  }

  /** Never rejects. */
  async #answer(name: string, subscription: Subscription): Promise<void> {
    const secret = await this.#ask(name);
    // Unsubscribed, asked again or gone in the meantime: somebody else answers, or nobody listens.
    if (this.#names.get(name) !== subscription) return;
    if (secret === undefined) {
      this.#drop(name);
      this.#remove([name]);
      return;
    }
    const now = this.#shared.nowMs();
    subscription.renew_ms = now + Math.max(0, secret.expires_ms - now) * RENEW_AT;
    const version = versionOf(secret);
    if (version !== subscription.version) this.#send((nonce) => encodeSecret(name, version, secret, nonce));
    subscription.version = version;
    const tooMany = this.#shared.held.hold(this.#node, name, this);
    for (const { name: oldest, streams } of tooMany) for (const stream of streams) stream.evict(oldest);
  }

  async #ask(name: string): Promise<LeafSecret | undefined> {
    const canonical = canonicalName(name);
    if (canonical === undefined) return undefined;
    const found = await this.#shared.source.secretFor(canonical).catch(() => undefined);
    return found?.ok ? found.value : undefined;
  }

  #remove(names: readonly string[]): void {
    this.#send((nonce) => encodeRemoval(names, nonce));
    for (const _ of names) this.#shared.events.refused?.();
  }

  #drop(name: string): void {
    this.#names.delete(name);
    this.#shared.held.release(this.#node, name, this);
  }

  #send(encode: (nonce: string) => Uint8Array): void {
    this.#nonce += 1;
    this.#write(encode(`${this.#nonce}`));
  }
}
