import { journalView } from '../bundle/journal_view.ts';
import { JOURNAL_VIEW, KEYS, keyMember, LOG_VKEY, policyMember } from '../bundle/member.ts';
import { pemOfSpki } from '../bundle/public_key.ts';
import type { TrustFile } from '../bundle/trust_file.ts';
import { sameBytes } from '../canonical/bytes.ts';
import { parseLine } from '../canonical/dsse.ts';
import { toHex } from '../canonical/hex.ts';
import type { Sha256 } from '../canonical/sha256.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import { vkey } from '../chain/checkpoint.ts';
import type { Findings } from './findings.ts';
import type { KeyBook } from './key_book.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/** The readable view follows from the journal: a view that says something else would mislead whoever reads only it. */
export function checkView(files: Files, lines: readonly Uint8Array[], findings: Findings): void {
  const bodies = lines.map((line) => {
    const parsed = parseLine(line);
    return parsed.ok ? parsed.value.body : new Uint8Array(0);
  });
  const view = files.get(JOURNAL_VIEW);
  if (view !== undefined && !sameBytes(view, journalView(bodies)))
    findings.add('VIEW_MISMATCH', JOURNAL_VIEW);
}

/** Policy documents are named by their digest, and every document that a record names is there: replay needs it. */
export function checkPolicies(
  sha256: Sha256,
  files: Files,
  named: ReadonlySet<string>,
  findings: Findings,
): void {
  for (const [name, bytes] of files) {
    if (name.startsWith('policy/') && name !== policyMember(toHex(sha256(bytes))))
      findings.add('MEMBER_DIGEST', name);
  }
  for (const digest of named) {
    const name = policyMember(digest.slice('sha256:'.length));
    if (!files.has(name)) findings.add('MEMBER_MISSING', name, 'named by a record');
  }
}

/** The PEM files and the checkpoint key text that stock tools are pointed at hold exactly the keys of this log. */
export function checkKeyFiles(
  files: Files,
  listed: TrustFile,
  keys: KeyBook,
  origin: string,
  findings: Findings,
): void {
  const expected = new Map<string, string>();
  for (const key of listed.keys) expected.set(keyMember(key.keyId), pemOfSpki(key.spkiDer));
  for (const [keyId, spkiDer] of keys.named) expected.set(keyMember(keyId), pemOfSpki(spkiDer));
  if (keys.logKey !== undefined) expected.set(LOG_VKEY, `${vkey(origin, keys.logKey.raw)}\n`);
  for (const [name, text] of expected) {
    const found = files.get(name);
    if (found === undefined) findings.add('MEMBER_MISSING', name);
    else if (!sameBytes(found, utf8Encode(text))) findings.add('TRUST_INVALID', name, 'is not that key');
  }
  for (const name of files.keys()) {
    if (name.endsWith('.pem') && !expected.has(name)) findings.add('TRUST_INVALID', name, `not in ${KEYS}`);
  }
}
