import { verifyJournalLines } from '../../../../src/core/verify/journal.ts';
import { nodeCrypto, trustOf } from '../../../support/evidence_bundle.ts';
import type { EvidenceLog } from '../../../support/evidence_log.ts';

/** `CODE place` of each finding. */
export function codes(log: EvidenceLog, trust = trustOf(log)): string[] {
  const { findings } = verifyJournalLines(log.lines, nodeCrypto, trust);
  return findings.kept.map(({ code, where }) => `${code} ${where}`);
}
