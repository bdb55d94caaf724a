import { toHex } from '../core/canonical/hex.ts';
import { sha256 } from '../core/canonical/sha256.ts';
import { utf8Encode } from '../core/canonical/utf8.ts';

/**
 * One token says which probe of which run sent some bytes. It is a DNS label, so the same text travels in a query
 * name, an SNI, an HTTP path and as plain bytes, and the target finds it in whatever arrives.
 */
export interface Token {
  /** 32 hex digits. */
  readonly nonce: string;
  /** Id of a probe, or `permitted`. */
  readonly probe: string;
}

const PREFIX = 'cgb1';
const TOKEN = /cgb1-([0-9a-f]{32})-([a-z][a-z0-9-]{0,24})(?![a-z0-9-])/g;
const PROOF = /CGBYPASS-HERE\/1 ([0-9a-f]{64})(?: saw=([a-z0-9,-]{0,512}))?/g;
/** Bytes of an arrival that are searched for a token, and of an answer for a proof. */
export const SEARCHED_BYTES_MAX = 16_384;

export function tokenText({ nonce, probe }: Token): string {
  return `${PREFIX}-${nonce}-${probe}`;
}

/** Every token in bytes from anywhere, in order. Resolvers may change the case of letters in a name (0x20). */
export function findTokens(bytes: Uint8Array): readonly Token[] {
  const found = [...latin1(bytes).toLowerCase().matchAll(TOKEN)];
  return found.map(([, nonce = '', probe = '']) => ({ nonce, probe }));
}

/** What only the target answers: an echo of the token by anybody else does not contain it. */
export function proofLine(token: Token, sawHeaders: readonly string[] = []): string {
  const saw = sawHeaders.length === 0 ? '' : ` saw=${sawHeaders.join(',').slice(0, 512)}`;
  return `CGBYPASS-HERE/1 ${proofOf(token)}${saw}`;
}

export interface Arrival {
  /** Names of control headers that the target saw. */
  readonly saw: readonly string[];
}

/** The proof of this token in an answer; undefined when the target did not write it. */
export function findProof(bytes: Uint8Array, token: Token): Arrival | undefined {
  const wanted = proofOf(token);
  const found = [...latin1(bytes).matchAll(PROOF)].find(([, proof]) => proof === wanted);
  if (found === undefined) return undefined;
  return { saw: (found[2] ?? '').split(',').filter((name) => name !== '') };
}

function proofOf(token: Token): string {
  return toHex(sha256(utf8Encode(`clawgress/bypass-arrival/v1\0${tokenText(token)}`)));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, SEARCHED_BYTES_MAX)).toString('latin1');
}
