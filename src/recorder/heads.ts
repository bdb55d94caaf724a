import type { HeadSource } from '../core/receipt/records.ts';

/** What somebody other than the journal knows about the log: that it had a record, or that a receipt was handed out. */
export interface KnownHead {
  readonly source: HeadSource;
  /** For the operator: which file, which gateway. */
  readonly where: string;
  /** Absent where the source does not name it. */
  readonly log_id?: string;
  /** The log had at least so many records. */
  readonly records?: number;
  /** Hex tree root over them. */
  readonly root?: string;
  /** Hex hash of the last of them. */
  readonly line_hash?: string;
  /** Of an allowed request that was sent. */
  readonly receipt_id?: string;
}

/** One place outside the journal that remembers the log. */
export interface KnownHeads {
  /** Throws `RecorderError` when the place exists and cannot be believed. */
  heads(): readonly KnownHead[];
}

/** The log as this disk holds it. */
export interface HeldLog {
  /** Absent on an empty journal. */
  readonly log_id?: string;
  /** The log that this one replaced, as its restore record says: heads of it are settled. */
  readonly previous_log_id?: string;
  readonly records: number;
  /** Undefined when that line has been retired from this disk. */
  lineHashAt(seq: number): string | undefined;
  /** Undefined when lines that it covers have been retired from this disk. */
  rootAt(records: number): string | undefined;
}

/** Why a head known elsewhere and the journal cannot both be true; undefined when they can. */
export function compareHead(held: HeldLog, head: KnownHead): string | undefined {
  if (head.log_id !== undefined && head.log_id !== held.log_id) return strangerText(held, head);
  const { records } = head;
  if (records === undefined) return undefined;
  if (records > held.records) {
    return `${head.where} knows ${records} records${ofLog(head)}, but this journal holds ${held.records}`;
  }
  if (isOther(head.line_hash, () => held.lineHashAt(records - 1))) {
    return `${head.where} knows another record ${records - 1}${ofLog(head)} than this journal holds`;
  }
  if (isOther(head.root, () => held.rootAt(records))) {
    return `${head.where} knows other records before ${records}${ofLog(head)} than this journal holds`;
  }
  return undefined;
}

function strangerText(held: HeldLog, head: KnownHead): string | undefined {
  if (head.log_id === held.previous_log_id) return undefined;
  const own = held.log_id === undefined ? 'is empty' : `holds log ${held.log_id}`;
  return `${head.where} knows ${head.records ?? 'some'} records${ofLog(head)}, but this journal ${own}`;
}

/** What this disk no longer holds cannot be compared, and an old head says nothing about the end of the journal. */
function isOther(known: string | undefined, held: () => string | undefined): boolean {
  if (known === undefined) return false;
  const own = held();
  return own !== undefined && own !== known;
}

function ofLog({ log_id }: KnownHead): string {
  return log_id === undefined ? '' : ` of log ${log_id}`;
}

/** The message of every refusal for a head that is known elsewhere. */
export function rolledBackText(problems: readonly string[]): string {
  const shown = problems.slice(0, SHOWN_MAX);
  const more = problems.length > shown.length ? ` (and ${problems.length - shown.length} more)` : '';
  return `the state folder was rolled back: ${shown.join('; ')}${more}. Decisions that were answered are missing here. ${WAY_OUT}`;
}

const SHOWN_MAX = 3;

export const WAY_OUT =
  'Restore the newest copy of the state folder. When there is none, `clawgress recorder restore-accept` shows what is lost and begins a new log.';
