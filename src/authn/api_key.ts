import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { KEY_ID_LENGTH } from '../core/identity/agent.ts';
import { API_KEY_PREFIX } from '../core/request/headers.ts';

/** `cgk_`, 43 characters for 256 random bits, 6 for the checksum. Letters and digits only: safe inside a proxy URL. */
const SHAPE = /^cgk_[0-9A-Za-z]{49}$/;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const BASE = ALPHABET.length;

/** A fresh key. The caller shows it once and keeps only the hash. */
export function createApiKey(): string {
  const body = `${API_KEY_PREFIX}${secretText(randomBytes(32))}`;
  return body + checksum(body);
}

/** Right length, alphabet and checksum: tells a typo, or a scanner's find, without asking the registry. */
export function isApiKeyShape(text: string): boolean {
  return SHAPE.test(text) && text.endsWith(checksum(text.slice(0, -CHECKSUM_LENGTH)));
}

/** Lower-case hex SHA-256 of the key text. */
export function hashApiKey(key: string): string {
  return hash('sha256', key, 'hex');
}

/** Names a key by its hash, so that the name tells nothing about the key. */
export function keyIdOf(sha256: string): string {
  return sha256.slice(0, KEY_ID_LENGTH);
}

/** Compares two hex digests in constant time. */
export function sameDigest(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left, 'hex'), Buffer.from(right, 'hex')];
  return a.length === b.length && timingSafeEqual(a, b);
}

function checksum(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    text = ALPHABET.charAt(rest % BASE) + text;
    rest = Math.floor(rest / BASE);
  }
  return text;
}

function secretText(bytes: Uint8Array): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (let i = 0; i < SECRET_LENGTH; i++) {
    text = ALPHABET.charAt(Number(rest % BigInt(BASE))) + text;
    rest /= BigInt(BASE);
  }
  return text;
}
