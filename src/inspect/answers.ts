import type { AnswerParts } from '../core/answer/answer_job.ts';
import { openAnswer as open } from '../core/answer/open_answer.ts';
import type { AnswerJob } from './jobs.ts';
import type { Desk } from './read_request.ts';
import { newDigest } from './rolling_digest.ts';
import type { StatefulReader } from './stateful.ts';

/** Opens the reader of one answer, inside a thread. */
export function openAnswer(job: AnswerJob, { prices, schemaOf }: Desk): StatefulReader {
  const parts: AnswerParts = {
    prices,
    newDigest,
    // A schema that is not at hand is honoured by nothing.
    checkSchema: (hash, value) => {
      const schema = schemaOf(hash);
      return schema === undefined ? { pointer: '' } : schema.check(value);
    },
  };
  const answer = open(job, parts);
  return {
    feed: (chunk, isLast, isCrowded) => answer.feed(chunk, isLast, performance.now(), isCrowded),
    abort: (by) => answer.abort(by),
  };
}
