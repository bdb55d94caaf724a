import type { MixedResult } from './mixed_run.ts';

/** The sentences that did not hold, each with what contradicts it; empty: all hold. */
export function brokenSentences(result: MixedResult): string[] {
  const { judgement, verify, replay, changed } = result;
  const broken = judgement.findings.map(({ code, what }) => `${code}: ${what}`);
  if (verify.verdict !== 'VERIFIED' || verify.status !== 0)
    broken.push(`verify: ${verify.verdict}, exit ${verify.status}`);
  if (replay.decisions !== judgement.decisions)
    broken.push(`replay: ${replay.decisions} decisions, the journal has ${judgement.decisions}`);
  if (replay.different !== 0 || replay.ledger !== 'refolded')
    broken.push(`replay: ${replay.different} differences, ledger ${replay.ledger}`);
  if (changed.expected === 0) broken.push('changed rule: nothing that it could change');
  if (changed.simulated !== changed.expected)
    broken.push(`changed rule: simulate says ${changed.simulated}, expected ${changed.expected}`);
  for (const id of changed.disagreements) broken.push(`changed rule: ${id}`);
  return broken;
}
