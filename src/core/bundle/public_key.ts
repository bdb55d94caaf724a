import { decodeBase64Strict, encodeBase64 } from '../canonical/base64.ts';
import { fail, ok, type Result } from '../result.ts';

export type KeyAlgorithm = 'ed25519' | 'ecdsa-p256';

/** DER in front of the raw key: RFC 8410 for Ed25519, RFC 5480 with named curve and uncompressed point for P-256. */
const SPKI_HEAD: Readonly<Record<KeyAlgorithm, readonly number[]>> = {
  ed25519: [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00],
  'ecdsa-p256': [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
  ],
};
const RAW_BYTES: Readonly<Record<KeyAlgorithm, number>> = { ed25519: 32, 'ecdsa-p256': 64 };
const PEM = /^-----BEGIN PUBLIC KEY-----\n((?:[A-Za-z0-9+/=]{1,64}\n)+)-----END PUBLIC KEY-----\n$/;

/** The key's raw bytes (Ed25519: the 32-byte point; P-256: x and y); refused unless the DER is exactly the known form. */
export function rawOfSpki(spkiDer: Uint8Array, algorithm: KeyAlgorithm): Result<Uint8Array, 'KEY_INVALID'> {
  const head = SPKI_HEAD[algorithm];
  const isKnown =
    spkiDer.length === head.length + RAW_BYTES[algorithm] && head.every((byte, i) => spkiDer[i] === byte);
  return isKnown ? ok(new Uint8Array(spkiDer.subarray(head.length))) : fail('KEY_INVALID');
}

/** PEM as OpenSSL prints it: 64 letters in a line. */
export function pemOfSpki(spkiDer: Uint8Array): string {
  const lines = encodeBase64(spkiDer).match(/.{1,64}/g) ?? [];
  return `-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----\n`;
}

/** Reads what pemOfSpki writes, and nothing else. */
export function spkiOfPem(pem: string): Result<Uint8Array, 'KEY_INVALID'> {
  const spki = decodeBase64Strict((PEM.exec(pem)?.[1] ?? '').replaceAll('\n', ''));
  return spki.ok && pemOfSpki(spki.value) === pem ? spki : fail('KEY_INVALID');
}
