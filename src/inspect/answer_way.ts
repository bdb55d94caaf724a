import type { AnswerReader, ResponseJob } from '../server/inspect/ports.ts';

/** How an answer is read, told by its headers alone and without a thread. */
export function answerWay(_job: ResponseJob): Pick<AnswerReader, 'way' | 'problem'> {
  return { way: 'refuse', problem: { code: 'CONTENT_TYPE_MISMATCH' } };
}
