import type { AnswerJob, AnswerProblem } from './answer_job.ts';
import type { AnswerCode } from './codes.ts';
import { isEncoded, type SaidType, saidLength, saidType } from './content_type.ts';

/** How an answer is read. `problem` beside a way other than `refuse`: a rule is broken that only asks for an alert. */
export type AnswerWay =
  | { readonly way: 'pass' }
  | { readonly way: 'refuse'; readonly format: SaidType['format']; readonly problem: AnswerProblem }
  | { readonly way: 'whole'; readonly format: 'json' }
  | {
      readonly way: 'stream';
      readonly format: SaidType['format'];
      /** `unread`: hashed and counted alone. */
      readonly reading: 'read' | 'unread' | 'bypassed';
      readonly problem?: AnswerProblem;
    };

type Headed = Pick<AnswerJob, 'demands' | 'status' | 'headers' | 'ai'>;

/** Statuses without a body. */
const EMPTY_STATUSES = [204, 205, 304];
/** A range, or what has changed since some other answer: a fragment can be JSON, too, and not what its place was. */
const PARTIAL_STATUSES = [206, 226];

/** Decided by the headers alone, before the first byte. */
export function answerWay(job: Headed): AnswerWay {
  const { demands, status, headers } = job;
  if (status < 200 || EMPTY_STATUSES.includes(status)) return { way: 'pass' };
  // An error is the provider's own words to its client: no contract is about them.
  if (status >= 300)
    return demands.notarize === true || demands.usage === true
      ? { way: 'stream', format: 'other', reading: 'unread' }
      : { way: 'pass' };
  const said = saidType(headers);
  if (isEncoded(headers))
    return demands.on_encoded === 'bypass'
      ? { way: 'stream', format: said.format, reading: 'bypassed' }
      : { way: 'refuse', format: said.format, problem: { code: 'ANSWER_ENCODED' } };
  return readableWay(job, said);
}

function readableWay(job: Headed, said: SaidType): AnswerWay {
  const { demands } = job;
  const code = mistakeIn(job, said);
  const problem = code === undefined ? {} : { problem: { code } };
  if (code !== undefined && demands.on_violation !== 'alert')
    return { way: 'refuse', format: said.format, problem: { code } };
  if (said.format === 'json' && demands.on_violation !== 'alert') return { way: 'whole', format: 'json' };
  const reading = said.format === 'other' || !said.isUtf8 ? 'unread' : 'read';
  return { way: 'stream', format: said.format, reading, ...problem };
}

function mistakeIn({ demands, status, headers, ai }: Headed, said: SaidType): AnswerCode | undefined {
  const { inspect, schemas = [], strip = [], tool_calls } = demands;
  const { format } = said;
  const isRead = schemas.length > 0 || tool_calls !== undefined;
  const isHeldToMore = isRead || inspect === 'json' || strip.length > 0;
  if (isHeldToMore && PARTIAL_STATUSES.includes(status)) return 'ANSWER_PARTIAL';
  // Only JSON can be stripped: in any other format what is to be taken out would stay in.
  if ((inspect === 'json' || strip.length > 0) && format !== 'json') return 'ANSWER_TYPE_MISMATCH';
  if (inspect === 'sse' && format !== 'sse' && format !== 'json_lines') return 'ANSWER_TYPE_MISMATCH';
  if (isRead && format === 'other') return 'ANSWER_TYPE_MISMATCH';
  if (format !== 'other' && !said.isUtf8) return 'ANSWER_CHARSET';
  if (
    tool_calls !== undefined &&
    (ai?.kind !== 'llm' || ai.dialect === undefined || ai.endpoint === undefined)
  )
    return 'TOOL_CALL_UNREADABLE';
  return (saidLength(headers) ?? 0) > demands.max_bytes ? 'ANSWER_TOO_LARGE' : undefined;
}
