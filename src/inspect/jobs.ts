import type { RequestJob, ResponseJob } from '../server/inspect/ports.ts';

/** Jobs as they cross into a thread: plain data. Schemas travel on their own, once. */
export type WholeJob = Omit<RequestJob, 'schemaOf'>;
export type AnswerJob = Omit<ResponseJob, 'schemaOf'>;

/** Why an inspection did not come to a finding; whoever asked must not go on. */
export class InspectorError extends Error {
  override readonly name = 'InspectorError';
  /** Queue full, thread died, order took too long, inspector closed. */
  readonly code: 'BUSY' | 'LOST' | 'TIMEOUT' | 'CLOSED';

  constructor(code: InspectorError['code']) {
    super(`the body was not inspected: ${code}`);
    this.code = code;
  }
}
