import { parseHost } from '../request/host.ts';
import { isOwnName } from '../request/own_name.ts';
import { type BadQuery, HEADER_BYTES, parseQuery, type Query, type QueryHeader, TYPE } from './query.ts';

/** Short: policy changes, and a name that it no longer allows shall not stay known. */
export const TTL_S = 5;
const UDP_BYTES = 1_232;
const CLASS_IN = 1;
const RCODE = { none: 0, format: 1, no_name: 3, not_implemented: 4, refused: 5, bad_version: 16 } as const;

/** What became of one query; the label of a metric. */
export const ANSWERS = [
  'address',
  'no_data',
  'no_name',
  'refused',
  'malformed',
  'not_supported',
  'dropped',
] as const;
export type Answer = (typeof ANSWERS)[number];

/** What the resolver knows: no zone, no other server, only what policy could allow. */
export interface Names {
  /** A canonical host name. */
  mayReach(host: string): boolean;
  /** Bytes of the address in network order. */
  addressOf(host: string, family: 4 | 6): Uint8Array;
}

export interface Answered {
  readonly answer: Answer;
  /** Absent: nothing is sent. */
  readonly bytes?: Uint8Array;
}

/**
 * The answer to one message, whoever wrote it. It depends on the name, the type and whether a rule could allow the
 * name, and on nothing else: who asks learns no more than by trying.
 */
export function answerMessage(message: Uint8Array, names: Names): Answered {
  const query = parseQuery(message);
  return query.ok ? answerQuery(query.value, names) : answerBad(query.problem);
}

function answerBad(problem: BadQuery): Answered {
  switch (problem.code) {
    case 'NO_QUERY':
      return { answer: 'dropped' };
    case 'MALFORMED':
      return { answer: 'malformed', bytes: head(problem.header, RCODE.format, [0, 0, 0]) };
    case 'OPCODE_UNKNOWN':
      return { answer: 'not_supported', bytes: head(problem.header, RCODE.not_implemented, [0, 0, 0]) };
  }
}

function answerQuery(query: Query, names: Names): Answered {
  const { type, edns } = query;
  if (edns !== undefined && edns.version !== 0)
    return { answer: 'not_supported', bytes: write(query, RCODE.bad_version) };
  const isTransfer = type === TYPE.axfr || type === TYPE.ixfr || type === TYPE.opt;
  if (!query.is_internet || isTransfer) return { answer: 'refused', bytes: write(query, RCODE.refused) };
  const host = hostOf(query);
  if (host === undefined || isOwnName(host) || !names.mayReach(host))
    return { answer: 'no_name', bytes: write(query, RCODE.no_name) };
  const family = type === TYPE.a ? 4 : type === TYPE.aaaa ? 6 : undefined;
  if (family === undefined) return { answer: 'no_data', bytes: write(query, RCODE.none) };
  return { answer: 'address', bytes: write(query, RCODE.none, names.addressOf(host, family)) };
}

/** The one spelling that policy knows. A byte that no host name has (a dot inside a label, too) makes it no host. */
function hostOf({ labels }: Query): string | undefined {
  if (!labels.every((label) => label.every(isNameByte))) return undefined;
  const text = labels.map((label) => String.fromCharCode(...label)).join('.');
  const host = parseHost(text);
  return host.ok && host.value.host_kind === 'name' ? host.value.host : undefined;
}

function isNameByte(byte: number): boolean {
  const letter = byte | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d;
}

/** No SOA: a refusal without one is kept by no cache (RFC 2308), so it ends when policy changes. */
function write(query: Query, rcode: number, address?: Uint8Array): Uint8Array {
  const opt = query.edns === undefined ? [] : optRecord(rcode >> 4, query.edns.dnssec_ok);
  const counts = [1, address === undefined ? 0 : 1, opt.length === 0 ? 0 : 1] as const;
  const record = address === undefined ? [] : addressRecord(query.type, address);
  return Uint8Array.from([...head(query.header, rcode & 0x0f, counts), ...query.question, ...record, ...opt]);
}

function head(header: QueryHeader, rcode: number, counts: readonly [number, number, number]): Uint8Array {
  const { id, opcode, recursion_desired, checking_disabled } = header;
  const [questions, answers, additional] = counts;
  // An answer; recursion is said to be available, because some clients believe no other.
  const flags = 0x80 | (opcode << 3) | (recursion_desired ? 1 : 0);
  const more = 0x80 | (checking_disabled ? 0x10 : 0) | rcode;
  return Uint8Array.from([...u16(id), flags, more, 0, questions, 0, answers, 0, 0, 0, additional]);
}

/** Its name is a pointer to the question. */
function addressRecord(type: number, address: Uint8Array): readonly number[] {
  const name = [0xc0, HEADER_BYTES];
  return [...name, ...u16(type), ...u16(CLASS_IN), 0, 0, ...u16(TTL_S), ...u16(address.length), ...address];
}

function optRecord(extendedRcode: number, dnssecOk: boolean): readonly number[] {
  return [0, ...u16(TYPE.opt), ...u16(UDP_BYTES), extendedRcode, 0, dnssecOk ? 0x80 : 0, 0, 0, 0];
}

function u16(value: number): readonly [number, number] {
  return [value >> 8, value & 0xff];
}
