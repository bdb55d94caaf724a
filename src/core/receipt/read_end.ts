import type { ReadCause } from './outcome_cause.ts';

/** What the gateway says when it breaks off an answer; Envoy writes it down with the error code. */
export const CUT_WORD = 'policy_cut';
/** Beginning of the details that the gateway gives with each answer in place of a destination's. */
export const INSPECTION_DETAILS = 'inspection_';

const CUT = new RegExp(`^ext_proc_error_gRPC_error_\\d+\\{${CUT_WORD}\\{`);

/** Whether the gateway ended what it had allowed, by Envoy's details. Nobody else has a say in those words. */
export function readCause(details: string): ReadCause | undefined {
  if (details === `${INSPECTION_DETAILS}response_blocked`) return 'answer_blocked';
  if (details.startsWith(INSPECTION_DETAILS)) return 'request_cut';
  return CUT.test(details) ? 'answer_cut' : undefined;
}
