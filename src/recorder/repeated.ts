import { recordedLimit } from '../core/ledger/recorded_limit.ts';
import { ok, type Result } from '../core/result.ts';
import type { AppendProblem, AppendResult, Proposal } from '../core/verdict/proposal.ts';
import { lineAt } from './line_at.ts';

/**
 * A first result as it was given: one that was read back at a start lacks what its record does not keep by itself, and
 * gets it from the record and the limits that the repeated request names.
 */
export function repeated(
  journalDir: string,
  { ops }: Proposal,
  known: Result<AppendResult, AppendProblem>,
): Result<AppendResult, AppendProblem> {
  if (!known.ok || known.value.limit !== undefined) return known;
  if (ops.every((op) => op.mode === 'alert_only')) return known;
  const record = lineAt(journalDir, known.value.seq)?.record;
  const limit = record?.type === 'decision' ? recordedLimit(ops, record) : undefined;
  return limit === undefined ? known : ok({ ...known.value, limit });
}
