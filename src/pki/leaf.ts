import type { webcrypto } from 'node:crypto';
import type { Signer } from './signer.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  newSerial,
  privateKeyPem,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from './x509.ts';

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

/** Clocks of clients may be behind; the back-date counts as part of the life. */
const BACKDATE_MS = 10 * 60_000;
/** Both ends count, hence the second less. */
const LIFE_MS = 86_400_000 - 1_000;
/** Tells people that they see an intercepting gateway. Clients look at the alternative name alone. */
const SUBJECT = [{ O: ['Clawgress interception'] }];

/** One leaf for one name, of at most 24 hours, never longer than its authority. `keys` must be fresh. */
export async function issueLeaf(
  signer: Signer,
  keys: webcrypto.CryptoKeyPair,
  name: LeafName,
  now_ms: number,
): Promise<Leaf> {
  const start = Math.max(now_ms - BACKDATE_MS, signer.notBefore_ms);
  const expires_ms = Math.floor(Math.min(start + LIFE_MS, signer.notAfter_ms) / 1000) * 1000;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: SUBJECT,
    issuer: signer.subject,
    notBefore: new Date(Math.ceil(start / 1000) * 1000),
    notAfter: new Date(expires_ms),
    signingAlgorithm: signer.algorithm,
    signingKey: signer.key,
    publicKey: keys.publicKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([{ type: name.isAddress ? 'ip' : 'dns', value: name.host }]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      new AuthorityKeyIdentifierExtension(signer.keyId),
    ],
  });
  return {
    cert_chain_pem: `${certificate.toString('pem')}\n${signer.presentedPem}`,
    private_key_pem: await privateKeyPem(keys.privateKey),
    expires_ms,
  };
}
