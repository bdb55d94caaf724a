import { PREDICATE_TYPE, SUBJECTS_MAX, sumsOf } from '../bundle/manifest.ts';
import type { Member } from '../bundle/member.ts';
import * as at from '../bundle/member.ts';
import { sameBytes } from '../canonical/bytes.ts';
import { toHex } from '../canonical/hex.ts';
import { type JsonValue, parseCanonicalJson } from '../canonical/jcs.ts';
import type { Sha256 } from '../canonical/sha256.ts';
import { utf8DecodeStrict } from '../canonical/utf8.ts';
import type { Findings } from './findings.ts';

const REQUIRED: readonly string[] = [
  ...at.UNLISTED,
  at.CHECKPOINT,
  at.JOURNAL,
  at.JOURNAL_VIEW,
  at.KEYS,
  at.LOG_VKEY,
  at.README,
  at.SUMS,
];
const SUM_LINE = /^([0-9a-f]{64}) {2}(\S+)$/;

/** Name to lower-case hex SHA-256. */
type Digests = ReadonlyMap<string, string>;

/** Holds the files against the manifest's subjects and against `SHA256SUMS`, both ways. */
export function checkMembers(sha256: Sha256, members: readonly Member[], findings: Findings): void {
  const names = new Set(members.map(({ name }) => name));
  for (const name of REQUIRED) if (!names.has(name)) findings.add('MEMBER_MISSING', name);
  for (const name of names) {
    if (!at.isKnownMember(name)) findings.add('MEMBER_UNDECLARED', name, 'not a file of this format');
  }
  const bytesOf = (wanted: string) => members.find(({ name }) => name === wanted)?.bytes ?? new Uint8Array(0);
  const listed = members.filter(({ name }) => !at.UNLISTED.includes(name));
  const found = new Map(listed.map(({ name, bytes }) => [name, toHex(sha256(bytes))]));
  const subjects = subjectsOf(bytesOf(at.MANIFEST), findings);
  if (subjects !== undefined) {
    const isShort = listed.length > SUBJECTS_MAX;
    compare(subjects, isShort ? onlySums(found) : found, findings);
  }
  const summed = listed.filter(({ name }) => name !== at.SUMS);
  const sums = bytesOf(at.SUMS);
  if (sameBytes(sumsOf(sha256, summed).bytes, sums)) return;
  compare(sumLines(sums), new Map([...found].filter(([name]) => name !== at.SUMS)), findings);
  findings.add('MEMBER_DIGEST', at.SUMS, 'is not the list of the files');
}

function compare(declared: Digests, found: Digests, findings: Findings): void {
  for (const name of declared.keys()) {
    if (!found.has(name)) findings.add('MEMBER_MISSING', name, 'declared');
  }
  for (const [name, digest] of found) {
    const expected = declared.get(name);
    if (expected === undefined) findings.add('MEMBER_UNDECLARED', name);
    else if (expected !== digest) findings.add('MEMBER_DIGEST', name);
  }
}

function onlySums(found: Digests): Digests {
  return new Map([...found].filter(([name]) => name === at.SUMS));
}

/** Reads only what names the files; the rest of the manifest is rebuilt and compared once the journal is read. */
function subjectsOf(manifest: Uint8Array, findings: Findings): Digests | undefined {
  const json = parseCanonicalJson(manifest);
  const statement = json.ok ? members(json.value) : undefined;
  const list = statement?.['subject'];
  if (statement === undefined || !Array.isArray(list)) {
    findings.add('MANIFEST_INVALID', at.MANIFEST, 'not a canonical statement with subjects');
    return undefined;
  }
  if (statement['predicateType'] !== PREDICATE_TYPE) {
    findings.add('VERSION_UNKNOWN', at.MANIFEST, 'predicateType');
    return undefined;
  }
  const digests = new Map<string, string>();
  for (const item of list as readonly JsonValue[]) {
    const subject = members(item);
    digests.set(String(subject?.['name']), String(members(subject?.['digest'])?.['sha256']));
  }
  return digests;
}

function sumLines(bytes: Uint8Array): Digests {
  const text = utf8DecodeStrict(bytes);
  const digests = new Map<string, string>();
  for (const line of text.ok ? text.value.split('\n') : []) {
    const [, digest, name] = SUM_LINE.exec(line) ?? [];
    if (digest !== undefined && name !== undefined) digests.set(name, digest);
  }
  return digests;
}

function members(value: JsonValue | undefined): Readonly<Record<string, JsonValue>> | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, JsonValue>>) : undefined;
}
