import { answerWay as wayOf } from '../core/answer/answer_way.ts';
import type { AnswerReader, ResponseJob } from '../server/inspect/ports.ts';

/** How an answer is read, told by its headers alone and without a thread. */
export function answerWay(job: ResponseJob): Pick<AnswerReader, 'way' | 'problem'> {
  const told = wayOf(job);
  // Beside another way than `refuse` a problem is for the record alone.
  return told.way === 'refuse' ? { way: told.way, problem: told.problem } : { way: told.way };
}
