import type { Result } from '../../core/result.ts';

/** What Envoy presents to a client that asked for one name. */
export interface LeafSecret {
  /** Leaf first, then every certificate up to and without the root; PEM. */
  readonly cert_chain_pem: string;
  /** PKCS#8 PEM. */
  readonly private_key_pem: string;
  /** End of the leaf, milliseconds since the epoch. */
  readonly expires_ms: number;
}

/**
 * Where secrets come from. `name` is canonical: a lower-case host name, dotted IPv4, or IPv6 in brackets.
 * `NAME_REFUSED` means not now: no rule could allow the name, or nothing can be signed. MUST settle in bounded time:
 * the client's handshake waits for it. Asked again for a name whose leaf is old, it MUST answer with a younger one.
 */
export interface SecretSource {
  secretFor(name: string): Promise<Result<LeafSecret, 'NAME_REFUSED'>>;
  /** Calls back when secrets that were handed out have to be asked for again: policy or authority have changed. */
  onChange?(listener: () => void): void;
}

/** Called once for each event; all optional. */
export interface SecretEvents {
  /** A name was refused. */
  refused?(): void;
  /** Envoy was told to forget a leaf because it held too many. */
  evicted?(): void;
  /** Envoy could not use what it was sent. */
  rejected?(): void;
}

export interface SecretServiceOptions {
  /** Leaves that one Envoy may hold. */
  readonly leafCacheMax: number;
  readonly events?: SecretEvents;
  /** Wall clock, milliseconds. */
  readonly nowMs?: () => number;
  /** How often leaves are looked at for renewal. */
  readonly sweepMs?: number;
}
