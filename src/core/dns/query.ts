import { fail, ok, type Result } from '../result.ts';

/** A strict reader of DNS queries (RFC 1035, 6891, 9619): what it does not know it refuses, and it follows no pointer. */
export const QUERY_BYTES_MAX = 1_232;
export const HEADER_BYTES = 12;
const LABEL_BYTES_MAX = 63;
const NAME_BYTES_MAX = 255;
/** Of an OPT record without options: root name, type, size, extended flags, length. */
const OPT_BYTES = 11;

export const TYPE = { a: 1, aaaa: 28, opt: 41, ixfr: 251, axfr: 252 } as const;
const CLASS_IN = 1;

/** What an answer repeats of the header. */
export interface QueryHeader {
  readonly id: number;
  readonly opcode: number;
  readonly recursion_desired: boolean;
  readonly checking_disabled: boolean;
}

export interface Edns {
  readonly version: number;
  readonly dnssec_ok: boolean;
}

export interface Query {
  readonly header: QueryHeader;
  /** The question as sent, letter case included: resolvers hide a secret in it (0x20) and expect it back. */
  readonly question: Uint8Array;
  /** Bytes of each label; none: the root. */
  readonly labels: readonly Uint8Array[];
  readonly type: number;
  readonly is_internet: boolean;
  readonly edns?: Edns;
}

export type BadQuery =
  /** No answer at all: what answers answers, or answers nothing, is answered for ever. */
  | { readonly code: 'NO_QUERY' }
  | { readonly code: 'OPCODE_UNKNOWN' | 'MALFORMED'; readonly header: QueryHeader };

export function parseQuery(message: Uint8Array): Result<Query, BadQuery> {
  const header = readHeader(message);
  if (header === undefined) return fail({ code: 'NO_QUERY' });
  if (header.opcode !== 0) return fail({ code: 'OPCODE_UNKNOWN', header });
  const query = message.length <= QUERY_BYTES_MAX ? readQuery(message, header) : undefined;
  return query === undefined ? fail({ code: 'MALFORMED', header }) : ok(query);
}

function readHeader(message: Uint8Array): QueryHeader | undefined {
  const [high = 0, low = 0, flags = 0, more = 0] = message;
  if (message.length < HEADER_BYTES || (flags & 0x80) !== 0) return undefined;
  return {
    id: (high << 8) | low,
    opcode: (flags >> 3) & 0x0f,
    recursion_desired: (flags & 0x01) !== 0,
    checking_disabled: (more & 0x10) !== 0,
  };
}

function readQuery(message: Uint8Array, header: QueryHeader): Query | undefined {
  const isCut = ((message[2] ?? 0) & 0x02) !== 0;
  const [questions, answers, authorities, additional] = [4, 6, 8, 10].map((at) => read16(message, at));
  if (isCut || questions !== 1 || answers !== 0 || authorities !== 0) return undefined;
  const name = readName(message, HEADER_BYTES);
  if (name === undefined || name.end + 4 > message.length) return undefined;
  const end = name.end + 4;
  const edns = additional === 1 ? readOpt(message, end) : undefined;
  const isWhole = additional === 0 ? end === message.length : edns !== undefined;
  if (!isWhole) return undefined;
  return {
    header,
    question: message.slice(HEADER_BYTES, end),
    labels: name.labels,
    type: read16(message, name.end),
    is_internet: read16(message, name.end + 2) === CLASS_IN,
    ...(edns === undefined ? {} : { edns }),
  };
}

/** Nothing stands before a question that a pointer could mean, so a pointer is a mistake or a trap. */
function readName(
  message: Uint8Array,
  start: number,
): { labels: readonly Uint8Array[]; end: number } | undefined {
  const labels: Uint8Array[] = [];
  let at = start;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > LABEL_BYTES_MAX) return undefined;
    const next = at + 1 + length;
    if (next > message.length || next - start > NAME_BYTES_MAX) return undefined;
    if (length === 0) return { labels, end: next };
    labels.push(message.slice(at + 1, next));
    at = next;
  }
}

/** The one additional record that a query may have, up to the end of the message. Its options are not looked at. */
function readOpt(message: Uint8Array, at: number): Edns | undefined {
  const isOpt = message[at] === 0 && read16(message, at + 1) === TYPE.opt;
  if (!isOpt || at + OPT_BYTES + read16(message, at + 9) !== message.length) return undefined;
  return { version: message[at + 6] ?? 0, dnssec_ok: ((message[at + 7] ?? 0) & 0x80) !== 0 };
}

function read16(message: Uint8Array, at: number): number {
  return ((message[at] ?? 0) << 8) | (message[at + 1] ?? 0);
}
