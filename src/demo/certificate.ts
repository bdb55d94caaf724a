import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

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
const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const ISSUER = 'CN=Clawgress demo CA';

cryptoProvider.set(webcrypto as unknown as Parameters<typeof cryptoProvider.set>[0]);

/** `address` is dotted IPv4; `dnsName` is an ASCII host name. */
export async function issueDemoCertificates(
  address: string,
  dnsName: string,
  now: Date,
): Promise<DemoCertificates> {
  const ca = await webcrypto.subtle.generateKey(P256, false, ['sign', 'verify']);
  const leaf = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const issue = (subject: string, publicKey: webcrypto.CryptoKey, extensions: Extension[]) =>
    X509CertificateGenerator.create({
      subject,
      issuer: ISSUER,
      notBefore: new Date(now.getTime() - BACKDATE_MS),
      notAfter: new Date(now.getTime() + VALID_DAYS * 86_400_000),
      signingAlgorithm: P256,
      signingKey: ca.privateKey,
      publicKey,
      extensions,
    });
  const caCertificate = await issue(ISSUER, ca.publicKey, [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    await SubjectKeyIdentifierExtension.create(ca.publicKey),
  ]);
  const leafCertificate = await issue('CN=Clawgress demo upstream', leaf.publicKey, [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension([
      { type: 'dns', value: dnsName },
      { type: 'ip', value: address },
    ]),
    await SubjectKeyIdentifierExtension.create(leaf.publicKey),
    await AuthorityKeyIdentifierExtension.create(ca.publicKey),
  ]);
  return {
    caPem: `${caCertificate.toString('pem')}\n`,
    leafPem: `${leafCertificate.toString('pem')}\n`,
    leafKeyPem: KeyObject.from(leaf.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
