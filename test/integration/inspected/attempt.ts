export type Headers = readonly (readonly [name: string, value: string])[];

/** `proxy`: absolute form, plain. `base`: the base URL listener. `inside`: an intercepted tunnel. */
export type Way = 'proxy' | 'base' | 'inside' | 'inside_h2';

export const WAYS: readonly Way[] = ['proxy', 'base', 'inside', 'inside_h2'];
/** HTTP/1.1 in any guise. */
export const OLD_WAYS: readonly Way[] = ['proxy', 'base', 'inside'];

/** What becomes of it. */
export type Expected =
  /** Allowed: exactly the judged bytes arrive. */
  | 'sent'
  /** Denied with this reason, `REASON problem` where the record says more; nothing arrives. */
  | `${Uppercase<string>}`
  /** Envoy takes it for no request: nothing is judged, nothing arrives. */
  | 'refused';

export interface Attempt {
  /** A row of docs/inspection.md begins with it. */
  readonly name: string;
  /** Rule that it is sent to: the first segment of the path. */
  readonly to: string;
  /** What follows the own segment of the attempt. */
  readonly tail?: string;
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string | Buffer;
  /** How an HTTP/1.1 client says where the body ends; `own`: by its headers. */
  readonly framing?: 'length' | 'chunked' | 'own';
  readonly ways?: readonly Way[];
  readonly expected: Expected;
  /** Where it differs. */
  readonly differs?: Readonly<Partial<Record<Way, Expected>>>;
  /** What arrives in place of the body. */
  readonly arrives?: string | Buffer;
}

export const JSON_TYPE: Headers = [['content-type', 'application/json']];
export const OK = '{"amount": 5}';
export const typed = (type: string): Headers => [['content-type', type]];

/** Several spellings of one attempt. */
export function each(
  base: Omit<Attempt, 'body' | 'headers'>,
  variants: readonly Pick<Attempt, 'body' | 'headers' | 'tail'>[],
): Attempt[] {
  return variants.map((variant) => ({ ...base, ...variant }));
}
