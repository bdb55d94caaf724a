import type { AnswerJob } from './jobs.ts';
import type { Desk } from './read_request.ts';
import type { StatefulReader } from './stateful.ts';

/** Opens the reader of one answer, inside a thread. */
export function openAnswer(_job: AnswerJob, _desk: Desk): StatefulReader {
  throw new Error('answers are not read yet');
}
