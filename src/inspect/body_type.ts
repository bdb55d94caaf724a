import type { RequestDemands } from '../core/contract/demands.ts';

type Headers = readonly { readonly name: string; readonly value: string }[];

/** What the headers say of a body. `sequence`: RFC 7464. `nothing`: no type is given. */
export type SaidFormat = 'json' | 'json_lines' | 'sequence' | 'other' | 'nothing';

export function formatOf(says: SaidFormat): 'json' | 'json_lines' | 'other' {
  if (says === 'json') return 'json';
  return says === 'json_lines' || says === 'sequence' ? 'json_lines' : 'other';
}

export interface BodyType {
  readonly says: SaidFormat;
  /** The charset is one in which other bytes than those of ASCII stand for the signs of JSON. */
  readonly isForeign?: true;
  /** Why the body is refused before it is read. */
  readonly problem?: 'CONTENT_TYPE_MISMATCH' | 'CHARSET_REFUSED' | 'ENCODING_REFUSED';
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const TYPE = new RegExp(
  `^(${TOKEN}/${TOKEN})[ \\t]*((?:;[ \\t]*(?:${TOKEN}=(?:${TOKEN}|"[^"\\\\]*")[ \\t]*)?)*)$`,
);
const PARAMETER = new RegExp(`(${TOKEN})=(?:(${TOKEN})|"([^"\\\\]*)")`, 'g');
const OF_ASCII = /^(?:utf-?8|(?:us-)?ascii|iso-8859-\d{1,2}|windows-125\d)$/i;
/** Longer ones are no type that anybody sends. */
const TYPE_CHARS_MAX = 256;
const LINES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/x-jsonlines'];

/** Judges the headers of a body that is not empty; the table is in docs/spec/inspection.md. */
export function bodyType(headers: Headers, wanted: RequestDemands['format']): BodyType {
  const encodings = valuesOf(headers, 'content-encoding');
  const said = typeOf(valuesOf(headers, 'content-type'));
  if (said === undefined) return { says: 'other', problem: 'CONTENT_TYPE_MISMATCH' };
  const { says, charsets } = said;
  if (encodings.some((value) => value.toLowerCase() !== 'identity'))
    return { says, problem: 'ENCODING_REFUSED' };
  const isWanted = wanted === 'any' || wanted === (says === 'sequence' ? 'json_lines' : says);
  if (!isWanted) return { says, problem: 'CONTENT_TYPE_MISMATCH' };
  const isText = says !== 'other' && says !== 'nothing';
  if (isText && !isUtf8(charsets)) return { says, problem: 'CHARSET_REFUSED' };
  return charsets.every((charset) => OF_ASCII.test(charset)) ? { says } : { says, isForeign: true };
}

/** Undefined: repeated or unreadable, so that every receiver picks its own meaning. */
function typeOf(values: readonly string[]): { says: SaidFormat; charsets: readonly string[] } | undefined {
  const [value, second] = values;
  if (second !== undefined) return undefined;
  if (value === undefined || value === '') return { says: 'nothing', charsets: [] };
  const [, type = '', parameters = ''] = value.length <= TYPE_CHARS_MAX ? (TYPE.exec(value) ?? []) : [];
  if (type === '') return undefined;
  const charsets = [...parameters.matchAll(PARAMETER)].flatMap(([, name = '', plain, quoted]) =>
    name.toLowerCase() === 'charset' ? [plain ?? quoted ?? ''] : [],
  );
  return { says: saidBy(type.toLowerCase()), charsets };
}

function saidBy(type: string): SaidFormat {
  if (type === 'application/json' || /^[^/]+\/[^/]+\+json$/.test(type)) return 'json';
  if (type === 'application/json-seq' || type.endsWith('+json-seq')) return 'sequence';
  return LINES.includes(type) ? 'json_lines' : 'other';
}

function isUtf8(charsets: readonly string[]): boolean {
  return charsets.length <= 1 && charsets.every((charset) => /^utf-?8$/i.test(charset));
}

function valuesOf(headers: Headers, wanted: string): readonly string[] {
  return headers
    .filter(({ name }) => name === wanted)
    .map(({ value }) => value.replace(/^[ \t]+|[ \t]+$/g, ''));
}
