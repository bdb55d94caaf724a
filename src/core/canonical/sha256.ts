import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';

/** 32 bytes out. Shells pass the platform's implementation where speed matters. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** Pure implementation, for callers that have no platform at hand. */
export const sha256: Sha256 = (bytes) => nobleSha256(bytes);
