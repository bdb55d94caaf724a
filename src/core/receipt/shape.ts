/** Who vouches for a value: we saw it, the client said it, or we computed it from other values. */
export type Label = 'observed' | 'asserted_by_client' | 'derived';
export type Presence = 'required' | 'optional';

/** The one JSON type of a field, with its bounds. Plain data: parser, size proof and documentation read the same table. */
export type Shape =
  | {
      readonly kind: 'text';
      /** How the documentation names the form. */
      readonly form: string;
      readonly pattern: RegExp;
      /** Longest text in UTF-16 units; the pattern may be tighter. */
      readonly length_max: number;
      /** Most bytes that one unit takes in JSON: 1 without quote, backslash and non-ASCII; 2 with the former; 3 for all. */
      readonly bytes_per_unit: 1 | 2 | 3;
      /** Most bytes of its JSON form, quotes included, where that is tighter than the length. */
      readonly bytes_max?: number;
    }
  | { readonly kind: 'timestamp' }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'one_of'; readonly values: readonly (string | number | boolean)[] }
  /** `bytes_max`: of its canonical form, brackets included; absent: as many as the items come to. */
  | { readonly kind: 'list'; readonly of: Shape; readonly count_max: number; readonly bytes_max?: number }
  | { readonly kind: 'object'; readonly members: Members }
  /** An object whose `tag` member says which table applies. */
  | { readonly kind: 'variants'; readonly tag: string; readonly options: Readonly<Record<string, Members>> }
  /** Vendor data: any object of strict JSON up to a size. */
  | { readonly kind: 'free_object'; readonly bytes_max: number };

export interface Field<P extends Presence = Presence> {
  readonly presence: P;
  readonly label: Label;
  readonly shape: Shape;
}

export type Members = Readonly<Record<string, Field>>;

/** A table must name each member of the type, once, with the presence that the type declares. Checked by the compiler. */
export type Covers<T> = {
  readonly [K in keyof T]-?: Field<Record<never, never> extends Pick<T, K> ? 'optional' : 'required'>;
};

export function required(label: Label, shape: Shape): Field<'required'> {
  return { presence: 'required', label, shape };
}

export function optional(label: Label, shape: Shape): Field<'optional'> {
  return { presence: 'optional', label, shape };
}

export function oneOf(...values: readonly (string | number | boolean)[]): Shape {
  return { kind: 'one_of', values };
}

export function list(of: Shape, count_max: number, bytes_max?: number): Shape {
  return { kind: 'list', of, count_max, ...(bytes_max === undefined ? {} : { bytes_max }) };
}

export function object(members: Members): Shape {
  return { kind: 'object', members };
}

export function integer(min = 0, max = Number.MAX_SAFE_INTEGER): Shape {
  return { kind: 'integer', min, max };
}

/** ASCII that JSON never escapes; the pattern must exclude the quote and the backslash. */
function plain(form: string, length_max: number, pattern: RegExp): Shape {
  return { kind: 'text', form, pattern, length_max, bytes_per_unit: 1 };
}

/** Printable ASCII without space, quote and backslash included. */
export function visibleAscii(length_max: number, bytes_max?: number): Shape {
  return {
    kind: 'text',
    form: 'visible ASCII',
    pattern: new RegExp(`^[!-~]{1,${length_max}}$`),
    length_max,
    bytes_per_unit: 2,
    ...(bytes_max === undefined ? {} : { bytes_max }),
  };
}

/** Names without characters that JSON escapes. */
export const HEADER_NAME: Shape = plain('header name', 32, /^[!#$%&'*+.^_`|~0-9a-z-]{1,32}$/);
export const KEYWORD: Shape = plain('keyword', 32, /^[$A-Za-z0-9_-]{1,32}$/);
export const TOOL: Shape = plain('tool name', 64, /^[A-Za-z0-9_.:/-]{1,64}$/);

/** Printable ASCII with spaces. */
export function asciiText(length_max: number): Shape {
  return {
    kind: 'text',
    form: 'printable ASCII',
    pattern: new RegExp(`^[ -~]{1,${length_max}}$`),
    length_max,
    bytes_per_unit: 2,
  };
}

/** Any Unicode text without control characters, and without lone surrogates, which no canonical JSON can hold. */
export function unicodeText(length_max: number, bytes_max?: number): Shape {
  return {
    kind: 'text',
    form: 'text without control characters',
    pattern: new RegExp(`^[^\\p{Cc}\\p{Cs}]{1,${length_max}}$`, 'u'),
    length_max,
    bytes_per_unit: 3,
    ...(bytes_max === undefined ? {} : { bytes_max }),
  };
}

export const BOOLEAN: Shape = { kind: 'boolean' };
export const TIMESTAMP: Shape = { kind: 'timestamp' };
export const ID: Shape = plain('id', 64, /^[a-z0-9._-]{1,64}$/);
/** An id, or two joined by a slash: `limit/window`, `agent/run`. */
export const ID_OR_PAIR: Shape = plain('id or id/id', 129, /^[a-z0-9._-]{1,64}(?:\/[a-z0-9._-]{1,64})?$/);
/** A limit and its window, the limit of an ancestor with its document: `limit/rps`, `document/limit/rps`. */
export const BUCKET_ID: Shape = plain(
  'one to three ids joined by /',
  138,
  /^[a-z0-9._-]{1,64}(?:\/[a-z0-9._-]{1,64}){0,2}$/,
);
export const CODE: Shape = plain('CODE', 64, /^[A-Z][A-Z0-9_]{0,63}$/);
export const HEX_16_BYTES: Shape = plain('32 hex digits', 32, /^[0-9a-f]{32}$/);
export const HEX_32_BYTES: Shape = plain('64 hex digits', 64, /^[0-9a-f]{64}$/);
export const DIGEST: Shape = plain('sha256:hex', 71, /^sha256:[0-9a-f]{64}$/);
export const UUID_V7: Shape = plain(
  'UUIDv7',
  36,
  /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
);
/** Base64 of 32 bytes; the last letter carries two zero bits. */
export const BASE64_32_BYTES: Shape = plain(
  'base64 of 32 bytes',
  44,
  /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/,
);
/** Base64 of the 44-byte SPKI of an Ed25519 key (RFC 8410). */
export const ED25519_SPKI: Shape = plain(
  'base64 of an Ed25519 SPKI',
  60,
  /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/,
);
export const METHOD: Shape = plain('HTTP method', 32, /^[!#$%&'*+.^_`|~0-9A-Z-]{1,32}$/);
export const SOURCE: Shape = plain(
  'uid:N or cidr:network',
  48,
  /^(?:uid:[0-9]{1,10}|cidr:[0-9a-f.:]{2,39}\/[0-9]{1,3})$/,
);
export const HOST: Shape = plain('host', 253, /^[a-z0-9._:-]{1,253}$/);
