import { BODY_BYTES_MAX, encodeLine, RECEIPT_PAYLOAD_TYPE } from '../core/canonical/dsse.ts';
import { encodeJcs } from '../core/canonical/jcs.ts';
import { checkRecord } from '../core/receipt/parse_record.ts';
import type { JournalRecord, RecordCommon } from '../core/receipt/records.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { sha256Hex } from './hashing.ts';
import type { RecorderSigner } from './options.ts';

/** One reading of all clocks; a record carries exactly one. */
export interface Moment {
  readonly wall_ms: number;
  /** `wall_ms` as records write it. */
  readonly ts: string;
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

/** Room before the body for the head of the pre-authentication encoding. */
const HEAD_BYTES = 96;
const TYPE_LENGTH = RECEIPT_PAYLOAD_TYPE.length;

/** Turns facts into signed lines. Holds one buffer in which every message to be signed is put together. */
export class Scribe {
  readonly #writer: Writer;
  readonly #message = Buffer.alloc(HEAD_BYTES + BODY_BYTES_MAX + 1);
  readonly #encoder = new TextEncoder();

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  /**
   * Stamps `facts` in place (a copy would cost a tenth of a signature), validates, encodes and signs the record.
   * Misfits are values beyond a cap of the field table.
   */
  write(
    facts: RecordFacts,
    at: Position,
    moment: Moment,
    signer: RecorderSigner,
  ): Result<WrittenLine, Misfit> {
    const checked = checkRecord(this.#stamp(facts, at, moment, signer.keyId));
    if (!checked.ok) return fail({ at: checked.problem.at });
    const text = encodeJcs(checked.value);
    const { read, written } = this.#encoder.encodeInto(text, this.#message.subarray(HEAD_BYTES));
    if (read < text.length || written > BODY_BYTES_MAX) return fail({ at: '' });
    const body = this.#message.subarray(HEAD_BYTES, HEAD_BYTES + written);
    const signature = signer.sign(this.#authenticated(written));
    const line = encodeLine(body, signer.keyId, signature);
    return ok({ record: checked.value, line, line_hash: sha256Hex(line) });
  }

  /** The same bytes as `preAuthEncoding`, without copying the body: its head is written just before it. */
  #authenticated(bodyBytes: number): Uint8Array {
    const head = `DSSEv1 ${TYPE_LENGTH} ${RECEIPT_PAYLOAD_TYPE} ${bodyBytes} `;
    const start = HEAD_BYTES - head.length;
    this.#message.write(head, start, 'latin1');
    return this.#message.subarray(start, HEAD_BYTES + bodyBytes);
  }

  #stamp(facts: RecordFacts, at: Position, moment: Moment, key_id: string): object {
    const record = facts as RecordFacts & Mutable<RecordCommon>;
    record.boot_id = this.#writer.boot_id;
    record.issuer = this.#writer.issuer;
    record.key_id = key_id;
    record.ledger_ms = Math.floor(moment.now_us / 1_000);
    record.log_id = this.#writer.log_id;
    record.mono_us = moment.mono_us;
    record.prev = at.prev;
    record.process_id = this.#writer.process_id;
    record.seq = at.seq;
    record.ts = moment.ts;
    record.v = 0;
    return record;
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
