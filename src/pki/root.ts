import { encodeNameConstraints } from './name_constraints.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  NAME_CONSTRAINTS_OID,
  newKeys,
  newSerial,
  P256,
  privateKeyPem,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from './x509.ts';

/**
 * Three years: longer than most hosts live between two installations, so that nobody has to rotate in a hurry, and
 * short enough that rotation is practised and a key that was copied unseen does not stay good for a decade.
 */
export const ROOT_DAYS = 3 * 365;
const DAY_MS = 86_400_000;
/** Clocks of clients may be behind. */
const BACKDATE_MS = 3_600_000;

export interface RootOptions {
  /** Names the installation: the `issuer` setting. */
  readonly installation: string;
  readonly now_ms: number;
  /** Only these names and what is below them; empty: any name. */
  readonly permitted: readonly string[];
}

export interface NewRoot {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** A new root for interception: its key signs leaves only (path length 0) and leaves this function as PKCS#8 PEM. */
export async function createRoot({ installation, now_ms, permitted }: RootOptions): Promise<NewRoot> {
  const keys = await newKeys();
  const serial = newSerial();
  // Roots of one installation differ in name: clients that hold two of them never have to guess.
  const name = [
    { O: ['Clawgress'] },
    { OU: [installation] },
    { CN: [`Clawgress interception CA ${serial.slice(0, 8)}`] },
  ];
  const subjectKey = await SubjectKeyIdentifierExtension.create(keys.publicKey);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial,
    subject: name,
    issuer: name,
    notBefore: new Date(now_ms - BACKDATE_MS),
    notAfter: new Date(now_ms + ROOT_DAYS * DAY_MS),
    signingAlgorithm: P256,
    signingKey: keys.privateKey,
    publicKey: keys.publicKey,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      subjectKey,
      new AuthorityKeyIdentifierExtension(subjectKey.keyId),
      ...(permitted.length === 0
        ? []
        : [new Extension(NAME_CONSTRAINTS_OID, true, encodeNameConstraints(permitted))]),
    ],
  });
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    keyPem: privateKeyPem(keys.privateKey),
  };
}
