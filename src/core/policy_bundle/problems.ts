import type { PolicyProblem } from '../policy/compiled.ts';

/** Why a bundle is refused. Codes are stable; `docs/spec/policy-bundle.md` lists them. */
export interface BundleProblem {
  readonly code: keyof typeof PROBLEM_TEXTS;
  /** What was found: a key id, a time, a member or a pointer. */
  readonly detail: string;
  /** Of `POLICY_INVALID`: the mistakes in the documents. */
  readonly mistakes?: readonly PolicyProblem[];
}

export const PROBLEM_TEXTS = {
  BUNDLE_TOO_LARGE: 'the file is larger than any bundle may be',
  ENVELOPE_INVALID: 'the file is not a policy bundle, or was changed after it was signed',
  KEY_UNKNOWN: 'the key that signed it is not among the trusted keys',
  KEY_PURPOSE: 'the key that signed it is not trusted for policy',
  KEY_INVALID: 'the trusted key is not an acceptable Ed25519 key',
  SIGNATURE_INVALID: 'the signature does not verify',
  KEY_REVOKED: 'the key that signed it is revoked',
  KEY_EXPIRED: 'the key that signed it is not valid any more',
  KEY_NOT_YET_VALID: 'the key that signed it is not valid yet',
  BODY_INVALID: 'the signed content is not of the known form',
  MEMBERS_INVALID: 'the members are not in order, come twice, or the entry is missing',
  BUNDLE_NOT_YET_VALID: 'the bundle is not valid yet',
  BUNDLE_EXPIRED: 'the bundle has expired',
  MEMBER_DIGEST: 'a member is not what its digest says',
  POLICY_INVALID: 'the documents do not compile, or their tests fail',
  POLICY_ID_MISMATCH: 'the entry document has another id than the bundle says',
  MEMBER_UNUSED: 'a member is neither the entry, nor the shadow document, nor inherited',
  ROLLBACK: 'an equal or higher version was accepted before',
} as const;

/** One line for people: the code, what it means, what was found. */
export function bundleProblemText({ code, detail }: BundleProblem): string {
  return `${code}: ${PROBLEM_TEXTS[code]} (${detail})`;
}
