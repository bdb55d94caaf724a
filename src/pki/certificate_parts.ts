import { X509Certificate } from 'node:crypto';
import { readTlvs, TAG, type Tlv } from './der.ts';

/** Extensions by the content of their object identifier, hex. */
export const EXTENSION = { subjectKeyId: '551d0e', nameConstraints: '551d1e' } as const;

/** What Node does not tell of a certificate, byte by byte as it stands there. */
export interface CertificateParts {
  /** The whole Name: an issuer has to be repeated exactly. */
  readonly subject: Uint8Array;
  /** The content of the key's bit string. */
  readonly publicKeyBits: Uint8Array;
  /** Values of the extensions by hex identifier. */
  readonly extensions: ReadonlyMap<string, Uint8Array>;
}

/** Throws when it is no certificate; those of the store have been checked before. */
export function certificateParts(pem: string): CertificateParts {
  const [certificate] = children(new X509Certificate(pem).raw);
  const [tbs] = children(certificate?.content);
  const fields = children(tbs?.content).filter(({ tag }) => tag !== 0xa0);
  // serial, algorithm, issuer, validity, subject, key; then optional tagged members.
  const [, , , , subject, key] = fields;
  const bits = children(key?.content)[1]?.content;
  if (subject === undefined || bits === undefined) throw new Error('invariant: not a certificate');
  const [list] = children(fields.find(({ tag }) => tag === 0xa3)?.content);
  return {
    subject: subject.whole,
    publicKeyBits: bits.subarray(1),
    extensions: new Map(children(list?.content).map(({ content }) => extensionOf(content))),
  };
}

function extensionOf(content: Uint8Array): readonly [string, Uint8Array] {
  const parts = children(content);
  const value = parts.find(({ tag }) => tag === TAG.octetString)?.content ?? new Uint8Array();
  return [Buffer.from(parts[0]?.content ?? []).toString('hex'), value];
}

function children(der: Uint8Array | undefined): readonly Tlv[] {
  return der === undefined ? [] : (readTlvs(der) ?? []);
}
