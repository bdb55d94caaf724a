import { toHex } from '../canonical/hex.ts';
import { encodeJcs } from '../canonical/jcs.ts';
import type { Sha256 } from '../canonical/sha256.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import { type Member, SUMS } from './member.ts';
import type { Population } from './population.ts';

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PREDICATE_TYPE = 'https://clawgress.dev/evidence/pef/v0';
export const IN_TOTO_PAYLOAD_TYPE = 'application/vnd.in-toto+json';
/** More members than this are named by `SHA256SUMS`, which is then the one subject. */
export const SUBJECTS_MAX = 1_024;

/** Everything here follows from the other members, so a verifier rebuilds it and compares. */
export interface Predicate {
  readonly format: 'PEF';
  readonly version: 0;
  readonly log_id: string;
  readonly issuer: string;
  readonly origin: string;
  readonly range: {
    /** True when the journal starts at genesis. */
    readonly complete: boolean;
    readonly first_seq: number;
    readonly last_seq: number;
    readonly first_ts: string;
    readonly last_ts: string;
  };
  readonly checkpoint: { readonly size: number; readonly root: string };
  readonly population: Population;
}

/** `sha256sum -c` text over all members that the manifest stands for, sorted by name. */
export function sumsOf(sha256: Sha256, members: readonly Member[]): Member {
  const lines = byName(members).map(({ name, bytes }) => `${toHex(sha256(bytes))}  ${name}\n`);
  return { name: SUMS, bytes: utf8Encode(lines.join('')) };
}

/**
 * Canonical bytes of the in-toto Statement v1. `members` are all but the manifest itself and its signatures, with
 * `SHA256SUMS` among them.
 */
export function manifestBytes(sha256: Sha256, members: readonly Member[], predicate: Predicate): Uint8Array {
  const named = members.length > SUBJECTS_MAX ? members.filter(({ name }) => name === SUMS) : members;
  const subject = byName(named).map(({ name, bytes }) => ({
    name,
    digest: { sha256: toHex(sha256(bytes)) },
  }));
  return utf8Encode(encodeJcs({ _type: STATEMENT_TYPE, subject, predicateType: PREDICATE_TYPE, predicate }));
}

function byName(members: readonly Member[]): Member[] {
  return [...members].sort((a, b) => (a.name < b.name ? -1 : 1));
}
