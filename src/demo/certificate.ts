import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectId,
  octetString,
  sequence,
  setOf,
  utcTime,
  utf8String,
} from './der.ts';

/**
 * Certificates of the demo upstream: a throw-away CA and one leaf, P-256, made afresh for each state folder.
 * The CA key exists only while the leaf is signed and is never written, so nobody can mint with a demo CA
 * that an agent trusts.
 */
export interface DemoCertificates {
  readonly caPem: string;
  readonly leafPem: string;
  readonly leafKeyPem: string;
}

const VALID_DAYS = 365;
const BACKDATE_MS = 3_600_000;
const ECDSA_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'));
const OID = {
  commonName: '2.5.4.3',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;

/** `address` is dotted IPv4; `dnsName` is an ASCII host name. */
export function issueDemoCertificates(address: string, dnsName: string, now: Date): DemoCertificates {
  const ca = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = name('Clawgress demo CA');
  const validity = sequence(
    utcTime(new Date(now.getTime() - BACKDATE_MS)),
    utcTime(new Date(now.getTime() + VALID_DAYS * 86_400_000)),
  );
  const caDer = certificate(ca.privateKey, issuer, issuer, validity, ca.publicKey, [
    extension(OID.basicConstraints, sequence(boolean(true), integer(Uint8Array.of(0))), true),
    extension(OID.keyUsage, bitString(Uint8Array.of(0x06), 1), true), // keyCertSign, cRLSign
    extension(OID.subjectKeyId, octetString(keyIdentifier(ca.publicKey))),
  ]);
  const leafDer = certificate(
    ca.privateKey,
    issuer,
    name('Clawgress demo upstream'),
    validity,
    leaf.publicKey,
    [
      extension(OID.basicConstraints, sequence(), true),
      extension(OID.keyUsage, bitString(Uint8Array.of(0x80), 7), true), // digitalSignature
      extension(OID.extendedKeyUsage, sequence(objectId(OID.serverAuth))),
      extension(OID.subjectAltName, subjectAltName(address, dnsName)),
      extension(OID.subjectKeyId, octetString(keyIdentifier(leaf.publicKey))),
      extension(OID.authorityKeyId, sequence(implicit(0, keyIdentifier(ca.publicKey)))),
    ],
  );
  return {
    caPem: pem(caDer),
    leafPem: pem(leafDer),
    leafKeyPem: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function certificate(
  signingKey: KeyObject,
  issuer: Uint8Array,
  subject: Uint8Array,
  validity: Uint8Array,
  publicKey: KeyObject,
  extensions: readonly Uint8Array[],
): Uint8Array {
  const tbs = sequence(
    explicit(0, integer(Uint8Array.of(2))), // version 3
    integer(Buffer.concat([Uint8Array.of(1), randomBytes(15)])),
    ECDSA_SHA256,
    issuer,
    validity,
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  );
  return sequence(tbs, ECDSA_SHA256, bitString(sign('sha256', tbs, signingKey)));
}

function name(commonName: string): Uint8Array {
  return sequence(setOf(sequence(objectId(OID.commonName), utf8String(commonName))));
}

function extension(oid: string, value: Uint8Array, critical = false): Uint8Array {
  return sequence(objectId(oid), ...(critical ? [boolean(true)] : []), octetString(value));
}

function subjectAltName(address: string, dnsName: string): Uint8Array {
  const ip = Uint8Array.from(address.split('.').map(Number));
  return sequence(implicit(2, Buffer.from(dnsName, 'latin1')), implicit(7, ip));
}

/** RFC 7093 method 1: the left 160 bits of SHA-256 over the key. */
function keyIdentifier(key: KeyObject): Uint8Array {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
}

function pem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
