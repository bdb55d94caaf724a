import { parseIpv6 } from '../../core/request/ipv6.ts';

/** Queries per second and at once, of one source and of all together: the same thread answers Checks. */
const ONE = { per_second: 500, burst: 1_000 };
const ALL = { per_second: 4_000, burst: 4_000 };
/** Beyond, the source that was not heard for longest is forgotten. */
export const SOURCES_MAX = 4_096;

interface Bucket {
  tokens: number;
  at_ms: number;
}

/** Bounds what one source, and all of them, may ask. Whoever has one IPv6 address has 2^64, so those count as one. */
export class SourceRate {
  readonly #sources = new Map<string, Bucket>();
  readonly #all: Bucket = { tokens: ALL.burst, at_ms: 0 };

  /** `now_ms`: any clock that never goes back. */
  admits(address: string, now_ms: number): boolean {
    const source = sourceOf(address);
    const bucket = this.#sources.get(source) ?? { tokens: ONE.burst, at_ms: now_ms };
    // Set again, so that the order of the map is the order of the last query.
    this.#sources.delete(source);
    this.#sources.set(source, bucket);
    if (this.#sources.size > SOURCES_MAX) this.#forgetOldest();
    return take(bucket, ONE, now_ms) && take(this.#all, ALL, now_ms);
  }

  #forgetOldest(): void {
    const [oldest] = this.#sources.keys();
    if (oldest !== undefined) this.#sources.delete(oldest);
  }
}

function take(bucket: Bucket, limit: typeof ONE, now_ms: number): boolean {
  const gained = ((now_ms - bucket.at_ms) / 1_000) * limit.per_second;
  bucket.tokens = Math.min(limit.burst, bucket.tokens + gained);
  bucket.at_ms = now_ms;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

function sourceOf(address: string): string {
  const words = parseIpv6(address.replace(/%.*$/, ''));
  return words === undefined ? address : words.slice(0, 4).join(':');
}
