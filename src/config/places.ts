import { createHash } from 'node:crypto';
import { join } from 'node:path';

/**
 * A socket address holds 108 bytes; the longest name below (`envoy-admin.sock`) and the separator need 17.
 */
export const SOCKETS_DIR_BYTES_MAX = 90;

/** The demo upstream's own loopback address, stable per state folder: inside 127.64.0.0/10, never .0 or .255. */
export function demoAddress(stateDir: string): string {
  const digest = createHash('sha256').update(`clawgress/demo-address\0${stateDir}`).digest();
  const second = 64 + ((digest[0] ?? 0) % 64);
  const fourth = 1 + ((digest[2] ?? 0) % 254);
  return `127.${second}.${digest[1] ?? 0}.${fourth}`;
}

/** Where the Unix sockets go: inside the state folder unless that path is too long for a socket address. */
export function socketsDirectory(stateDir: string, candidates: readonly string[]): string {
  const inside = join(stateDir, 'run', 'sockets');
  if (Buffer.byteLength(inside) <= SOCKETS_DIR_BYTES_MAX) return inside;
  const id = createHash('sha256').update(`clawgress/sockets\0${stateDir}`).digest('hex').slice(0, 16);
  const outside = candidates.map((base) => join(base, `clawgress-${id}`));
  return outside.find((path) => Buffer.byteLength(path) <= SOCKETS_DIR_BYTES_MAX) ?? inside;
}
