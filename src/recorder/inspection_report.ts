import type { LineFault } from './line_check.ts';

export interface Finding {
  /** A fault means that something is missing or was changed; a note is worth knowing and no fault. */
  readonly level: 'fault' | 'note';
  readonly code: FindingCode;
  readonly place: string;
  readonly detail: string;
}

export type FindingCode =
  | 'LINE_INVALID'
  | 'LINE_UNKNOWN_KEY'
  | 'LINE_FOREIGN'
  | 'LINE_UNFINISHED'
  | 'SEGMENT_MISSING'
  | 'SEGMENT_UNREADABLE'
  | 'SEAL_MISSING'
  | 'SEAL_MISMATCH'
  | 'RETIRED_UNPROVEN'
  | 'CHECKPOINT_INVALID'
  | 'CHECKPOINT_MISMATCH'
  | 'HEAD_BEHIND'
  | 'SNAPSHOT_UNUSABLE'
  | 'NO_START'
  | 'QUARANTINE_CHANGED'
  | 'QUARANTINE_MISSING'
  | 'QUARANTINED'
  | 'RESERVE_SPENT';

export interface InspectedSegment {
  readonly file: string;
  readonly first_seq: number;
  readonly records: number;
  readonly bytes: number;
  readonly packed: boolean;
  readonly sealed: boolean;
}

export interface Inspection {
  readonly first_seq: number;
  /** Records of the log, removed ones included. */
  readonly records: number;
  readonly head_hash: string;
  /** Hex. */
  readonly root: string;
  readonly segments: readonly InspectedSegment[];
  readonly checkpoints_compared: number;
  readonly findings: readonly Finding[];
}

/** What each kind of bad line means. */
export const LINE_FAULTS: { readonly [K in LineFault]: string } = {
  INVALID: 'not a signed line of this format',
  UNKNOWN_KEY: 'signed by a key that this log never named',
  FOREIGN: 'signed, but it does not continue the chain, or is of a newer version',
};
