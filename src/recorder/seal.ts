import { toHex } from '../core/canonical/hex.ts';
import { encodeJcs } from '../core/canonical/jcs.ts';
import { leafHash, rootOfLeaves } from '../core/chain/merkle.ts';
import type { StreamHead } from '../core/ledger/stream_heads.ts';
import type { SealRecord } from '../core/receipt/records.ts';
import { sha256 } from './hashing.ts';
import type { RecordFacts } from './scribe.ts';
import type { JournalState } from './state.ts';

/** The seal of the open segment: counts of this segment, and the heads of all streams of the log up to here. */
export function sealFacts(state: JournalState): RecordFacts<SealRecord> {
  if (state.segment === undefined) throw new Error('nothing to seal');
  const heads = state.streams.sorted();
  return {
    type: 'seal',
    first_seq: state.segment.first_seq,
    streams_root: toHex(rootOfLeaves(sha256, heads.map(sealLeaf))),
    stream_count: heads.length,
    counts: { ...state.segment.counts },
  };
}

function sealLeaf({ kind, id, seq, hash, counts }: StreamHead): Uint8Array {
  return leafHash(sha256, Buffer.from(encodeJcs({ kind, id, last_seq: seq, last_hash: hash, counts })));
}
