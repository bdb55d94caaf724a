import { BODY_BYTES_MAX, encodeLine, preAuthEncoding, RECEIPT_PAYLOAD_TYPE } from '../core/canonical/dsse.ts';
import { encodeJcs } from '../core/canonical/jcs.ts';
import { checkRecord } from '../core/receipt/parse_record.ts';
import type { JournalRecord, RecordCommon } from '../core/receipt/records.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { sha256Hex } from './hashing.ts';
import type { RecorderSigner } from './options.ts';

/** One reading of all clocks; a record carries exactly one. */
export interface Moment {
  readonly wall_ms: number;
  readonly mono_us: number;
  /** Ledger time. */
  readonly now_us: number;
}

/** A record without the members that every record has. Distributes over the union, so that each type stays whole. */
export type RecordFacts<R = JournalRecord> = R extends JournalRecord
  ? Omit<R, keyof RecordCommon> & Pick<R, 'type'>
  : never;

export interface WrittenLine {
  readonly record: JournalRecord;
  /** Without newline. */
  readonly line: Uint8Array;
  readonly line_hash: string;
}

/** Where the next record goes. */
export interface Position {
  readonly seq: number;
  readonly prev: string;
}

export interface Writer {
  readonly log_id: string;
  readonly issuer: string;
  readonly boot_id: string;
  readonly process_id: number;
}

/** JSON pointer of the member that does not fit its field, or the whole body; nothing has happened then. */
export interface Misfit {
  readonly at: string;
}

/** Stamps `facts` in place, validates, encodes and signs one record. Misfits are values beyond a cap of the field table. */
export function writeLine(
  facts: RecordFacts,
  at: Position,
  writer: Writer,
  moment: Moment,
  signer: RecorderSigner,
): Result<WrittenLine, Misfit> {
  // Grows the caller's object instead of copying it: the copy alone would cost a tenth of a signature.
  const record = Object.assign(facts, commonMembers(at, writer, moment, signer.keyId));
  const checked = checkRecord(record);
  if (!checked.ok) return fail({ at: checked.problem.at });
  const body = Buffer.from(encodeJcs(record));
  if (body.length > BODY_BYTES_MAX) return fail({ at: '' });
  const signature = signer.sign(preAuthEncoding(RECEIPT_PAYLOAD_TYPE, body));
  const line = encodeLine(body, signer.keyId, signature);
  return ok({ record: checked.value, line, line_hash: sha256Hex(line) });
}

function commonMembers(
  at: Position,
  writer: Writer,
  moment: Moment,
  key_id: string,
): Omit<RecordCommon, 'type'> {
  return {
    boot_id: writer.boot_id,
    issuer: writer.issuer,
    key_id,
    ledger_ms: Math.floor(moment.now_us / 1_000),
    log_id: writer.log_id,
    mono_us: moment.mono_us,
    prev: at.prev,
    process_id: writer.process_id,
    seq: at.seq,
    ts: new Date(moment.wall_ms).toISOString(),
    v: 0,
  };
}
