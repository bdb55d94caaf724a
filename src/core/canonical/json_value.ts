/** What records, policies and manifests are made of. Numbers are integers within +-(2^53-1). */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** Deepest nesting that is read or written; a hostile document must not exhaust the stack. */
export const JSON_DEPTH_MAX = 32;
