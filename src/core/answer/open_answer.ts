import {
  type AnswerJob,
  type AnswerParts,
  type AnswerPipe,
  type AnswerProblem,
  NOTHING,
} from './answer_job.ts';
import { AnswerRecord } from './answer_record.ts';
import { type AnswerWay, answerWay } from './answer_way.ts';
import { ByteTally } from './byte_tally.ts';
import { HeldStream } from './held_stream.ts';
import { PassedAnswer } from './passed_answer.ts';
import { WatchedStream } from './watched_stream.ts';
import { WholeAnswer } from './whole_answer.ts';

/** `AnswerReader` of the server's port, without its threads. */
export interface OpenAnswer extends AnswerPipe {
  readonly way: AnswerWay['way'];
  readonly problem?: AnswerProblem;
}

/**
 * Opens the reader of an answer. With `pass` nothing needs to be fed and nothing is recorded. With `refuse` one feed of anything, or
 * of nothing, gives the record of it.
 */
export function openAnswer(job: AnswerJob, parts: AnswerParts): OpenAnswer {
  const way = answerWay(job);
  const pipe = pipeFor(way, job, parts);
  return {
    way: way.way,
    ...(way.way === 'refuse' ? { problem: way.problem } : {}),
    feed: (...piece) => pipe.feed(...piece),
    abort: (by) => pipe.abort(by),
  };
}

function pipeFor(way: AnswerWay, job: AnswerJob, parts: AnswerParts): AnswerPipe {
  if (way.way === 'pass') return passing();
  if (way.way === 'refuse') return refusing(way, parts);
  if (way.way === 'whole') return new WholeAnswer(job, parts);
  const { format } = way;
  if (way.reading !== 'read' || format === 'other') return new PassedAnswer(job, parts, way);
  if (format === 'json') return new WholeAnswer(job, parts, way.problem);
  return isHeld(job)
    ? new HeldStream(job, parts, format)
    : new WatchedStream(job, parts, format, way.problem);
}

/** Whether an event can break a rule that does not only ask for an alert. */
function isHeld({ demands }: AnswerJob): boolean {
  const canBreak = demands.tool_calls !== undefined || (demands.schemas ?? []).length > 0;
  return canBreak && demands.on_violation !== 'alert';
}

function passing(): AnswerPipe {
  return {
    feed: (chunk, isLast) => ({ forward: chunk, facts: [], ...(isLast ? { end: 'complete' } : {}) }),
    abort: () => ({ forward: NOTHING, facts: [] }),
  };
}

function refusing(
  { format, problem }: Extract<AnswerWay, { way: 'refuse' }>,
  parts: AnswerParts,
): AnswerPipe {
  const record = new AnswerRecord(format, new ByteTally(parts.newDigest), false);
  record.problem = problem;
  let isOver = false;
  const end = (state: 'blocked') => {
    if (!isOver) record.end(state, {});
    isOver = true;
    return record.take();
  };
  return {
    feed: () => ({ forward: NOTHING, facts: end('blocked'), end: 'blocked' }),
    abort: () => ({ forward: NOTHING, facts: end('blocked') }),
  };
}
