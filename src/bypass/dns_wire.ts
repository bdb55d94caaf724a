import { fail, ok, type Result } from '../core/result.ts';

/** Just enough DNS (RFC 1035) to ask one question and to read what came back, whoever wrote it. */
export const DNS_MESSAGE_MAX = 4_096;
const HEADER_BYTES = 12;
const LABELS_MAX = 128;
const RECORDS_MAX = 32;
const POINTERS_MAX = 16;

export const TYPE = { a: 1, soa: 6, txt: 16 } as const;
export const RCODE = { noError: 0, serverFailure: 2, noSuchName: 3, refused: 5 } as const;

export interface DnsQuestion {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  /** Where the question ends. */
  readonly end: number;
}

export interface DnsRecord {
  readonly section: 'answer' | 'authority';
  readonly type: number;
  readonly data: Uint8Array;
}

export interface DnsAnswer {
  readonly id: number;
  readonly rcode: number;
  readonly records: readonly DnsRecord[];
}

export type DnsProblem = 'NAME_INVALID' | 'MESSAGE_INVALID';

/** A query with recursion desired. `id` is 16 bits; labels are 1 to 63 bytes, the name at most 253. */
export function encodeQuery(id: number, name: string, type: number): Result<Uint8Array, DnsProblem> {
  const labels = name.replace(/\.$/, '').split('.');
  if (name.length > 253 || labels.some((label) => !/^[!-~]{1,63}$/.test(label))) return fail('NAME_INVALID');
  const question = labels.flatMap((label) => [label.length, ...Buffer.from(label, 'latin1')]);
  const header = [...u16(id), 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0];
  return ok(Uint8Array.from([...header, ...question, 0, ...u16(type), 0, 1]));
}

/** The question of a query that reached us. */
export function parseQuestion(message: Uint8Array): Result<DnsQuestion, DnsProblem> {
  const isQuery = message.length >= HEADER_BYTES && message.length <= DNS_MESSAGE_MAX && !isAnswer(message);
  if (!isQuery || read16(message, 4) !== 1) return fail('MESSAGE_INVALID');
  const name = readName(message, HEADER_BYTES);
  if (name === undefined || name.end + 4 > message.length) return fail('MESSAGE_INVALID');
  return ok({
    id: read16(message, 0),
    name: name.text,
    type: read16(message, name.end),
    end: name.end + 4,
  });
}

/** Answers a query with one TXT record. `text` is cut to what the record holds. */
export function encodeTxtAnswer(query: Uint8Array, question: DnsQuestion, text: string): Uint8Array {
  const value = Buffer.from(text, 'latin1').subarray(0, 255);
  const header = [...u16(question.id), 0x84, 0x00, 0, 1, 0, 1, 0, 0, 0, 0];
  const record = [0xc0, HEADER_BYTES, 0, TYPE.txt, 0, 1, 0, 0, 0, 0, ...u16(value.length + 1), value.length];
  return Uint8Array.from([...header, ...query.subarray(HEADER_BYTES, question.end), ...record, ...value]);
}

/** Reads an answer from anywhere. Never reads beyond the message, never follows a loop. */
export function parseAnswer(message: Uint8Array): Result<DnsAnswer, DnsProblem> {
  if (message.length < HEADER_BYTES || message.length > DNS_MESSAGE_MAX || !isAnswer(message))
    return fail('MESSAGE_INVALID');
  let at = HEADER_BYTES;
  for (let left = read16(message, 4); left > 0; left -= 1) {
    const name = readName(message, at);
    if (name === undefined || left > 1) return fail('MESSAGE_INVALID');
    at = name.end + 4;
  }
  const records = readRecords(message, at);
  if (records === undefined) return fail('MESSAGE_INVALID');
  return ok({ id: read16(message, 0), rcode: (message[3] ?? 0) & 0x0f, records });
}

function readRecords(message: Uint8Array, start: number): DnsRecord[] | undefined {
  const answers = read16(message, 6);
  const count = answers + read16(message, 8);
  if (count > RECORDS_MAX) return undefined;
  const records: DnsRecord[] = [];
  let at = start;
  for (let index = 0; index < count; index += 1) {
    const name = readName(message, at);
    if (name === undefined || name.end + 10 > message.length) return undefined;
    const from = name.end + 10;
    const to = from + read16(message, name.end + 8);
    if (to > message.length) return undefined;
    const section = index < answers ? 'answer' : 'authority';
    records.push({ section, type: read16(message, name.end), data: message.subarray(from, to) });
    at = to;
  }
  return records;
}

/** A possibly compressed name; `end` is behind it in the message. */
function readName(message: Uint8Array, start: number): { text: string; end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  let pointers = 0;
  for (;;) {
    const length = message[at];
    if (length === undefined || labels.length > LABELS_MAX) return undefined;
    if (length === 0) return { text: labels.join('.'), end: end ?? at + 1 };
    if (length >= 0xc0) {
      pointers += 1;
      if (at + 1 >= message.length || pointers > POINTERS_MAX) return undefined;
      end ??= at + 2;
      at = ((length & 0x3f) << 8) | (message[at + 1] ?? 0);
      continue;
    }
    if (length > 63 || at + 1 + length > message.length) return undefined;
    labels.push(Buffer.from(message.subarray(at + 1, at + 1 + length)).toString('latin1'));
    at += 1 + length;
  }
}

function isAnswer(message: Uint8Array): boolean {
  return ((message[2] ?? 0) & 0x80) !== 0;
}

function read16(message: Uint8Array, at: number): number {
  return ((message[at] ?? 0) << 8) | (message[at + 1] ?? 0);
}

function u16(value: number): [number, number] {
  return [(value >> 8) & 0xff, value & 0xff];
}
