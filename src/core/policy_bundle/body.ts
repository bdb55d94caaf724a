import { base64Length } from '../canonical/base64.ts';
import { encodeJcs, parseCanonicalJson } from '../canonical/jcs.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import { checkMembers } from '../receipt/parse_record.ts';
import {
  type Covers,
  DIGEST,
  ID,
  integer,
  list,
  type Members,
  object,
  oneOf,
  optional,
  required,
  type Shape,
  TIMESTAMP,
} from '../receipt/shape.ts';
import { fail, ok, type Result } from '../result.ts';
import { BUNDLE_BODY_BYTES_MAX, MEMBERS_MAX } from './bounds.ts';

/** One document or schema of a bundle. */
export interface BundleMember {
  /** `<policy id>.json`, unique; members stand in the order of their names. */
  readonly name: string;
  /** `sha256:<hex>` over the decoded content. */
  readonly digest: string;
  /** Standard base64. */
  readonly content_b64: string;
}

/** What a policy key signs. Times in `ts` form. */
export interface BundleBody {
  readonly v: 0;
  /** The `id` of the entry document. */
  readonly policy_id: string;
  /** From 1; a gateway accepts none below the highest it has accepted. */
  readonly version: number;
  readonly issued_at: string;
  /** Refused before this time. */
  readonly valid_from?: string;
  /** Not accepted any more after this time, and stale when it is in force then. */
  readonly valid_until: string;
  /** Name of the member that judges. */
  readonly entry: string;
  /** Name of the member that is only compared. */
  readonly shadow?: string;
  readonly members: readonly BundleMember[];
}

export interface BodyProblem {
  readonly code: 'BODY_INVALID' | 'MEMBERS_INVALID';
  /** JSON pointer, or the code of the JSON parser. */
  readonly at: string;
}

/** `<id>.json`, with `shadow-` before it for the shadow document. */
const MEMBER_NAME: Shape = {
  kind: 'text',
  form: 'member name',
  pattern: /^[a-z0-9._-]{1,71}\.json$/,
  length_max: 76,
  bytes_per_unit: 1,
};

const CONTENT: Shape = {
  kind: 'text',
  form: 'base64',
  pattern: /^[A-Za-z0-9+/]*={0,2}$/,
  length_max: base64Length(BUNDLE_BODY_BYTES_MAX),
  bytes_per_unit: 1,
};

const MEMBER = {
  name: required('observed', MEMBER_NAME),
  digest: required('derived', DIGEST),
  content_b64: required('observed', CONTENT),
} satisfies Covers<BundleMember>;

const BODY = {
  v: required('derived', oneOf(0)),
  policy_id: required('derived', ID),
  version: required('observed', integer(1)),
  issued_at: required('observed', TIMESTAMP),
  valid_from: optional('observed', TIMESTAMP),
  valid_until: required('observed', TIMESTAMP),
  entry: required('observed', MEMBER_NAME),
  shadow: optional('observed', MEMBER_NAME),
  members: required('observed', list(object(MEMBER), MEMBERS_MAX)),
} satisfies Covers<BundleBody> & Members;

/** RFC 8785 bytes of a body. Throws on one that `parseBody` would refuse: its maker is at fault. */
export function encodeBody(body: BundleBody): Uint8Array {
  const problem = problemOf(body);
  if (problem !== undefined) throw new RangeError(`bundle body: ${problem.code} at ${problem.at || '/'}`);
  return utf8Encode(encodeJcs(body));
}

/** Reads RFC 8785 bytes with exactly the known members; entry and shadow are there, and no name comes twice. */
export function parseBody(bytes: Uint8Array): Result<BundleBody, BodyProblem> {
  const json = parseCanonicalJson(bytes);
  if (!json.ok) return fail({ code: 'BODY_INVALID', at: json.problem.code });
  const problem = problemOf(json.value);
  // The table is checked against the type by the compiler (`Covers`), so a value that passes it has its type.
  return problem === undefined ? ok(json.value as unknown as BundleBody) : fail(problem);
}

function problemOf(value: unknown): BodyProblem | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { code: 'BODY_INVALID', at: '' };
  const problem = checkMembers(BODY, value as Readonly<Record<string, unknown>>);
  if (problem !== undefined) return { code: 'BODY_INVALID', at: problem.at };
  return namesProblem(value as BundleBody);
}

/** Rising names: each member stands once, and one set of members has one spelling. */
function namesProblem({ entry, shadow, members }: BundleBody): BodyProblem | undefined {
  const names = members.map(({ name }) => name);
  const misplaced = names.findIndex((name, i) => i > 0 && name <= (names[i - 1] ?? ''));
  if (misplaced !== -1) return { code: 'MEMBERS_INVALID', at: `/members/${misplaced}/name` };
  if (!names.includes(entry)) return { code: 'MEMBERS_INVALID', at: '/entry' };
  if (shadow !== undefined && (shadow === entry || !names.includes(shadow)))
    return { code: 'MEMBERS_INVALID', at: '/shadow' };
  return undefined;
}
