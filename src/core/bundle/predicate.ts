import { encodeBase64 } from '../canonical/base64.ts';
import { checkpointOrigin, type SignedCheckpoint } from '../chain/checkpoint.ts';
import type { JournalRecord } from '../receipt/records.ts';
import type { Predicate } from './manifest.ts';
import type { Population } from './population.ts';

/** The manifest's predicate of a non-empty range. */
export function predicateOf(
  first: JournalRecord,
  last: JournalRecord,
  checkpoint: Pick<SignedCheckpoint, 'size' | 'root'>,
  population: Population,
): Predicate {
  return {
    format: 'PEF',
    version: 0,
    log_id: first.log_id,
    issuer: first.issuer,
    origin: checkpointOrigin(first.issuer, first.log_id),
    range: rangeOf(first, last),
    checkpoint: { size: checkpoint.size, root: encodeBase64(checkpoint.root) },
    population,
  };
}

/** What the journal of a bundle covers, as the manifest and the report of a verification say it. */
export function rangeOf(first: JournalRecord, last: JournalRecord): Predicate['range'] {
  return {
    complete: first.seq === 0,
    first_seq: first.seq,
    last_seq: last.seq,
    first_ts: first.ts,
    last_ts: last.ts,
  };
}
