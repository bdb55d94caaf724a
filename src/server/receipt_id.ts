import { randomFillSync } from 'node:crypto';

const ENTROPY_BYTES = 10;
/** Random bytes drawn at once: one system call per this many ids. */
const POOL_BYTES = 400 * ENTROPY_BYTES;

/**
 * Mints UUIDv7 (RFC 9562 section 5.7) receipt ids: 48 bits of wall clock and 74 fresh random bits.
 * No counter stands in for random bits, so ids of several gateways never meet and none can be guessed from another.
 */
export function receiptIds(
  nowMs: () => number,
  fillRandom: (pool: Uint8Array) => void = randomFillSync,
): () => string {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return () => {
    if (used === POOL_BYTES) {
      fillRandom(pool);
      used = 0;
    }
    const random = pool.toString('hex', used, used + ENTROPY_BYTES);
    used += ENTROPY_BYTES;
    return format(nowMs(), random);
  };
}

/** @param random 20 hex digits; 3 fill rand_a, 2 bits and 15 digits fill rand_b. */
function format(ms: number, random: string): string {
  const time = ms.toString(16).padStart(12, '0');
  // The variant bits 10 leave two random bits in this digit.
  const variant = 'b89a'.charAt(Number.parseInt(random.charAt(3), 16) & 3);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}
