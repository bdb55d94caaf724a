import type { DecisionDraft, OpDenial } from './proposal.ts';

/**
 * The final decision: the draft, or the draft turned into the denial of the first refused operation.
 * One pure function for the recorder and for replay, so that both merge alike. An allow is never made here.
 */
export function mergeLedger(
  draft: DecisionDraft,
  denials: readonly OpDenial[],
  refused: number | undefined,
): DecisionDraft {
  if (refused === undefined) return draft;
  const denial = denials[refused];
  if (denial === undefined) throw new Error(`invariant: no denial draft for ledger operation ${refused}`);
  // No tunnel opens, no stream begins and no answer comes, so nothing becomes of them.
  const { stream: _stream, response: _response, ...rest } = draft;
  const { tls: _tls, ...request } = draft.request;
  return { ...rest, request, verdict: 'deny', reason: denial.reason, rule_id: denial.rule_id };
}
