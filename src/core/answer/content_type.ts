import type { AnswerJob } from './answer_job.ts';

/** What an answer says that it is; `other`: nothing that anybody here reads, or nothing that is clear. */
export interface SaidType {
  readonly format: 'json' | 'json_lines' | 'sse' | 'other';
  readonly isUtf8: boolean;
}

const TYPE = /^([a-z0-9!#$&^_.+-]{1,127})\/([a-z0-9!#$&^_.+-]{1,127})$/;
const CHARSET = /^charset[ \t]*=[ \t]*"?([^"]*)"?$/;
const LINES = ['x-ndjson', 'ndjson', 'jsonl', 'x-jsonlines', 'jsonlines', 'x-jsonl'];
const UTF8 = ['utf-8', 'utf8', 'us-ascii', 'ascii'];

export function saidType(headers: AnswerJob['headers']): SaidType {
  const [value, second] = valuesOf(headers, 'content-type');
  if (value === undefined || second !== undefined) return { format: 'other', isUtf8: true };
  const [type = '', ...parameters] = value
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charsets = parameters.filter((text) => text.startsWith('charset'));
  const isUtf8 = charsets.every((text) => UTF8.includes(CHARSET.exec(text)?.[1] ?? ''));
  return { format: formatOf(type), isUtf8: isUtf8 && charsets.length <= 1 };
}

function formatOf(type: string): SaidType['format'] {
  const [, main, sub = ''] = TYPE.exec(type) ?? [];
  if (main === 'text' && sub === 'event-stream') return 'sse';
  if (main !== 'application' && main !== 'text') return 'other';
  if (LINES.includes(sub)) return 'json_lines';
  return sub === 'json' || sub.endsWith('+json') ? 'json' : 'other';
}

/** Anything but identity hides what is inside; an empty header says nothing. */
export function isEncoded(headers: AnswerJob['headers']): boolean {
  const codings = valuesOf(headers, 'content-encoding').flatMap((value) => value.toLowerCase().split(','));
  return codings.some((coding) => !['', 'identity'].includes(coding.trim()));
}

/** What content-length says, if it says one number. */
export function saidLength(headers: AnswerJob['headers']): number | undefined {
  const [value, second] = valuesOf(headers, 'content-length');
  return value !== undefined && second === undefined && /^[0-9]{1,15}$/.test(value)
    ? Number(value)
    : undefined;
}

function valuesOf(headers: AnswerJob['headers'], wanted: string): readonly string[] {
  return headers.filter(({ name }) => name.toLowerCase() === wanted).map(({ value }) => value.trim());
}
