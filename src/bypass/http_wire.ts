/** The head of an HTTP/1 answer, from whoever sent it. */
export interface HttpHead {
  readonly status: number;
  /** Names in lower case; the first of a repeated header counts. */
  readonly headers: ReadonlyMap<string, string>;
  /** Where the body begins. */
  readonly bodyAt: number;
}

export const HEAD_BYTES_MAX = 16_384;
const HEADERS_MAX = 128;

/** Undefined while the head is incomplete, and for anything that is no HTTP/1 answer. */
export function parseHead(bytes: Uint8Array): HttpHead | undefined {
  const text = Buffer.from(bytes.subarray(0, HEAD_BYTES_MAX)).toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [start = '', ...lines] = text.slice(0, end).split('\r\n');
  const status = /^HTTP\/1\.[01] ([1-9]\d\d)(?: |$)/.exec(start)?.[1];
  if (status === undefined) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines.slice(0, HEADERS_MAX)) {
    const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}):[ \t]*(.*)$/.exec(line) ?? [];
    if (name !== '' && !headers.has(name.toLowerCase())) headers.set(name.toLowerCase(), value.trim());
  }
  return { status: Number(status), headers, bodyAt: end + 4 };
}

/** The reason code by which the gateway marks what it refuses (RFC 9209); undefined when the answer is not its own. */
export function gatewayCode(head: HttpHead): string | undefined {
  const proxyStatus = head.headers.get('proxy-status') ?? '';
  return /^clawgress; error=[a-z_]{1,64}; details="([A-Z][A-Z0-9_]{0,63})"$/.exec(proxyStatus)?.[1];
}

/** A request in wire form; no header line can hide in a value. */
export function requestText(
  method: string,
  target: string,
  headers: readonly (readonly [name: string, value: string])[],
): string {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  if (lines.some((line) => /[\r\n\0]/.test(line))) throw new Error('invariant: a request line with a break');
  return `${lines.join('\r\n')}\r\n\r\n`;
}
