import { encodeJcs } from '../../core/canonical/jcs.ts';
import { parseStrictJson } from '../../core/canonical/strict_json.ts';
import { checkFields } from '../../core/receipt/parse_record.ts';
import type { Members } from '../../core/receipt/shape.ts';
import { fail, ok, type Result } from '../../core/result.ts';

/** Both sides must speak the same; there is no negotiation, because they are installed together. */
export const PROTOCOL = 2;

/** What a gateway asks. `hello` comes first and once. */
export const ASK = {
  hello: 1,
  append: 2,
  close: 3,
  sweep: 4,
  gap: 5,
  logPosition: 6,
  status: 7,
  checkpoint: 8,
  sync: 9,
  gapPosition: 10,
  decided: 11,
  inspect: 12,
  quota: 20,
  why: 21,
} as const;

/** What a recorder sends. */
export const ANSWER = 0x80;
export const FAULT_KIND = 0x81;

export type BodyProblem = 'NOT_JSON' | 'NOT_OF_ITS_TABLE';

/** Strict JSON with exactly the members of the table. */
export function parseBody<T>(members: Members, body: Uint8Array): Result<T, BodyProblem> {
  const json = parseStrictJson(body);
  if (!json.ok) return fail('NOT_JSON');
  // The tables are checked against the types by the compiler (`Covers`), so a value that passes has its type.
  return checkFields(members, json.value) === undefined ? ok(json.value as T) : fail('NOT_OF_ITS_TABLE');
}

/** Undefined for what JSON cannot carry: a lone surrogate out of a token, for instance. */
export function encodeBody(value: object): string | undefined {
  try {
    return encodeJcs(value);
  } catch {
    return undefined;
  }
}
