import { type PublicKey, pemOfSpki } from './signer.ts';

/** One epoch key as its delegation record names it; times in `ts` form. */
export interface DelegatedKey {
  readonly key_id: string;
  readonly spki_b64: string;
  readonly valid_from: string;
  readonly valid_until: string;
}

export type KeyPurpose = 'root' | 'receipt' | 'log' | 'manifest' | 'policy';

export interface TrustedKey {
  readonly keyid: string;
  readonly algorithm: PublicKey['algorithm'];
  readonly public_key_pem: string;
  readonly purpose: KeyPurpose;
  readonly valid_from: string;
  readonly valid_until?: string;
  readonly revoked_at?: string;
}

export interface TrustFacts {
  /** `ts` of the genesis record: from then on the long-lived keys are valid. */
  readonly since: string;
  readonly epochs: readonly DelegatedKey[];
}

/** The trust file: what a verifier needs to know about this log, and nothing private. JSON text with a final newline. */
export function trustFile(
  longLived: readonly { readonly key: PublicKey; readonly purpose: KeyPurpose }[],
  facts: TrustFacts,
): string {
  const keys: TrustedKey[] = longLived.map(({ key, purpose }) => ({
    keyid: key.keyId,
    algorithm: key.algorithm,
    public_key_pem: key.pem,
    purpose,
    valid_from: facts.since,
  }));
  for (const epoch of facts.epochs) {
    keys.push({
      keyid: epoch.key_id,
      algorithm: 'ed25519',
      public_key_pem: pemOfSpki(Buffer.from(epoch.spki_b64, 'base64')),
      purpose: 'receipt',
      valid_from: epoch.valid_from,
      valid_until: epoch.valid_until,
    });
  }
  return `${JSON.stringify({ keys }, null, 2)}\n`;
}
