/** One file of a bundle. */
export interface Member {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export const MEMBER_NAME_LENGTH_MAX = 200;
/** Entry counts and sizes stay below what needs zip64, which version 0 never uses. */
export const MEMBERS_MAX = 65_534;
/** Largest bundle: one that a 32-bit offset and a verifier's memory can hold. */
export const BUNDLE_BYTES_MAX = 2_000_000_000;

/** Segments start with a letter or digit: no absolute path, no `..`, no hidden file, no drive letter, no backslash. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;

export function isMemberName(name: string): boolean {
  return name.length <= MEMBER_NAME_LENGTH_MAX && NAME.test(name);
}

export const MANIFEST = 'manifest.json';
export const MANIFEST_ED25519 = 'manifest.ed25519.sigstore.json';
export const MANIFEST_P256 = 'manifest.p256.sigstore.json';
export const JOURNAL = 'journal.jsonl';
export const JOURNAL_VIEW = 'journal.view.jsonl';
export const CHECKPOINT = 'tlog/checkpoint';
export const FRONTIER = 'tlog/frontier.json';
export const DELEGATIONS = 'keys/delegations.jsonl';
export const DELEGATION_PROOFS = 'tlog/delegations.json';
export const KEYS = 'keys/keys.json';
export const LOG_VKEY = 'keys/log.vkey';
export const README = 'README.md';
export const SUMS = 'SHA256SUMS';
export const TILES = 'tlog/tile/';
export const policyMember = (hex: string): string => `policy/${hex}.json`;
export const keyMember = (keyId: string): string => `keys/${keyId}.pem`;

/** The members that carry the manifest and its signatures; everything else is a subject of the manifest. */
export const UNLISTED: readonly string[] = [MANIFEST, MANIFEST_ED25519, MANIFEST_P256];

const KNOWN = new Set<string>([
  ...UNLISTED,
  JOURNAL,
  JOURNAL_VIEW,
  CHECKPOINT,
  FRONTIER,
  DELEGATIONS,
  DELEGATION_PROOFS,
  KEYS,
  LOG_VKEY,
  README,
  SUMS,
]);
const KNOWN_FORM = /^(?:policy\/[0-9a-f]{64}\.json|keys\/[0-9a-f]{64}\.pem|tlog\/tile\/[0-9a-z/.]+)$/;

/** Whether version 0 of the format has such a member at all. */
export function isKnownMember(name: string): boolean {
  return KNOWN.has(name) || KNOWN_FORM.test(name);
}
