import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { parseIpv6 } from '../core/request/ipv6.ts';
import { integer, sequence, TAG, time, tlv } from './der.ts';
import { keyIdOf, type Signer } from './signer.ts';

export interface Leaf {
  /** Leaf first, then what leads to the root. */
  readonly cert_chain_pem: string;
  readonly private_key_pem: string;
  readonly expires_ms: number;
}

/** A leaf that an agent's client is shown. `host` is canonical; an address when `isAddress`, IPv6 without brackets. */
export interface LeafName {
  readonly host: string;
  readonly isAddress: boolean;
}

/** A fresh P-256 key of one leaf. */
export interface LeafKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** PKCS#8 PEM. */
  readonly privateKeyPem: string;
}

/** Clocks of clients may be behind; the back-date counts as part of the life. */
const BACKDATE_MS = 10 * 60_000;
/** Both ends count, hence the second less. */
const LIFE_MS = 86_400_000 - 1_000;
const SERIAL_BYTES = 16;
/** An uncompressed P-256 point. */
const POINT_BYTES = 65;
const OID = {
  organization: '55040a',
  basicConstraints: '551d13',
  keyUsage: '551d0f',
  extendedKeyUsage: '551d25',
  alternativeName: '551d11',
  subjectKeyId: '551d0e',
  authorityKeyId: '551d23',
  serverAuth: '2b06010505070301',
} as const;
const VERSION_3 = tlv(0xa0, integer(Buffer.from([2])));
/** Tells people that they see an intercepting gateway. Clients look at the alternative name alone. */
const SUBJECT = sequence(
  tlv(TAG.set, sequence(oid(OID.organization), tlv(TAG.utf8String, Buffer.from('Clawgress interception')))),
);
const FIXED_EXTENSIONS = [
  extension(OID.basicConstraints, sequence(), 'critical'),
  // digitalSignature alone: seven unused bits, then the first.
  extension(OID.keyUsage, tlv(TAG.bitString, Buffer.from([7, 0x80])), 'critical'),
  extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth))),
];

/** Synchronous on purpose: a thread that is ended while Node makes a key in the background takes the process with it. */
export function newLeafKey(): LeafKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { publicKey, privateKeyPem: privateKey };
}

/** One leaf for one name, of at most 24 hours, never longer than its authority. `key` must be fresh. */
export function issueLeaf(signer: Signer, key: LeafKey, name: LeafName, now_ms: number): Leaf {
  const start = Math.ceil(Math.max(now_ms - BACKDATE_MS, signer.notBefore_ms) / 1000) * 1000;
  const expires_ms = Math.min(start + LIFE_MS, signer.notAfter_ms);
  const toBeSigned = sequence(
    VERSION_3,
    integer(randomBytes(SERIAL_BYTES)),
    signer.algorithm.identifier,
    signer.subject,
    sequence(time(start), time(expires_ms)),
    SUBJECT,
    key.publicKey,
    tlv(0xa3, sequence(...FIXED_EXTENSIONS, ...ownExtensions(signer, key, name))),
  );
  const signature = sign(signer.algorithm.hash, toBeSigned, signer.key);
  const certificate = sequence(
    toBeSigned,
    signer.algorithm.identifier,
    tlv(TAG.bitString, Buffer.from([0]), signature),
  );
  return {
    cert_chain_pem: `${pem(certificate)}${signer.presentedPem}`,
    private_key_pem: key.privateKeyPem,
    expires_ms,
  };
}

function ownExtensions(signer: Signer, key: LeafKey, name: LeafName): readonly Uint8Array[] {
  const keyId = keyIdOf(key.publicKey.subarray(-POINT_BYTES));
  const alternative = name.isAddress
    ? tlv(0x87, addressBytes(name.host))
    : tlv(0x82, Buffer.from(name.host, 'ascii'));
  return [
    extension(OID.alternativeName, sequence(alternative)),
    extension(OID.subjectKeyId, tlv(TAG.octetString, keyId)),
    extension(OID.authorityKeyId, sequence(tlv(0x80, signer.keyId))),
  ];
}

function extension(id: string, value: Uint8Array, critical?: 'critical'): Uint8Array {
  const flag = critical === undefined ? [] : [tlv(TAG.boolean, Buffer.from([0xff]))];
  return sequence(oid(id), ...flag, tlv(TAG.octetString, value));
}

function oid(content: string): Uint8Array {
  return tlv(TAG.oid, Buffer.from(content, 'hex'));
}

function addressBytes(host: string): Uint8Array {
  if (!host.includes(':')) return Buffer.from(host.split('.').map(Number));
  const words = parseIpv6(host);
  if (words === undefined) throw new Error('invariant: the address was not canonical');
  return Buffer.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

function pem(der: Uint8Array): string {
  const lines = Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
