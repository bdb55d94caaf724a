import type { PolicyDocument } from '../../gen/policy_document.ts';
import { encodeJcs } from '../canonical/jcs.ts';
import type { JsonValue } from '../canonical/json_value.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import type { Part } from './part.ts';
import { FIRST_PLACE } from './source.ts';

/** Names the canonical form of a document that does not stand alone. Never written by hand. */
const SET_SCHEMA = 'clawgress/policy-set/v1';

/** One canonical document with its canonical ancestors. */
export interface Stack {
  readonly document: PolicyDocument;
  readonly ancestors: readonly PolicyDocument[];
}

/** What is hashed and archived. A document that stands alone is its own canonical form. */
export function canonicalBytes(entry: Stack, shadow?: Stack): Uint8Array {
  if (entry.ancestors.length === 0 && shadow === undefined) return utf8Encode(encodeJcs(entry.document));
  const documents = new Map([...(shadow?.ancestors ?? []), ...entry.ancestors].map((one) => [one.id, one]));
  const set = {
    schema: SET_SCHEMA,
    entry: entry.document,
    documents: [...documents.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    ...(shadow === undefined ? {} : { shadow: shadow.document }),
  };
  return utf8Encode(encodeJcs(set));
}

export interface CanonicalParts {
  readonly entry: Part;
  readonly documents: readonly Part[];
  readonly shadow?: Part;
}

/** Takes a canonical form apart. What is not one fails later: compiling it again yields other bytes, or nothing. */
export function partsOfCanonical(value: JsonValue): CanonicalParts {
  if (!isObject(value) || value['schema'] !== SET_SCHEMA) return { entry: partOf(value), documents: [] };
  const { entry = null, documents, shadow } = value;
  return {
    entry: partOf(entry),
    documents: Array.isArray(documents) ? documents.map(partOf) : [],
    ...(shadow === undefined ? {} : { shadow: partOf(shadow) }),
  };
}

function partOf(value: JsonValue): Part {
  return { file: 'canonical policy', value, locate: () => FIRST_PLACE };
}

function isObject(value: JsonValue): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
