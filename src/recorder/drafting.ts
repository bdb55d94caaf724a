import type { LedgerClock } from '../core/ledger/clock.ts';
import { Batch } from './batch.ts';
import { currentEpoch, delegateEpoch, isInForce } from './epoch.ts';
import type { RecorderClock, RecorderOptions, RecorderSigner } from './options.ts';
import type { Moment, RecordFacts, Scribe } from './scribe.ts';
import type { JournalState } from './state.ts';

export interface DraftingParts {
  readonly options: RecorderOptions;
  readonly state: JournalState;
  readonly clock: LedgerClock;
  readonly readings: RecorderClock;
  readonly scribe: Scribe;
  /** A new epoch key has been delegated, durably. */
  readonly delegated: (keyId: string) => void;
}

/** Buckets looked at per batch for entries that time has emptied. */
const SWEEP_BUDGET = 256;

/** Starts batches at the present moment, and knows the key that signs in them. */
export class Drafting {
  readonly #parts: DraftingParts;
  #signer: RecorderSigner | undefined;

  constructor(parts: DraftingParts) {
    this.#parts = parts;
  }

  /** Genesis, signed by the root, comes first when the log is new. */
  newBatch(genesis?: RecordFacts): Batch {
    const { state, scribe, options } = this.#parts;
    const { moment, wall_jump_ms } = this.#now();
    state.ledger.sweep(moment.now_us, SWEEP_BUDGET);
    const batch = new Batch(state, scribe, moment);
    if (genesis !== undefined) batch.addOwn(genesis, options.keyring.root);
    this.#noteJump(batch, wall_jump_ms);
    return batch;
  }

  /** What is added from here on is judged at the present moment. */
  refresh(batch: Batch): void {
    const { moment, wall_jump_ms } = this.#now();
    batch.moment = moment;
    this.#noteJump(batch, wall_jump_ms);
  }

  /** The key in force at the batch's moment; when the last one runs out, a new one is delegated first. */
  signerFor(batch: Batch): RecorderSigner {
    const { options, state } = this.#parts;
    const last = state.epochs.at(-1);
    const isSame = last !== undefined && last.key_id === this.#signer?.keyId;
    if (this.#signer !== undefined && isSame && isInForce(last, batch.moment.wall_ms)) return this.#signer;
    this.#signer = currentEpoch(state, options.keyring, batch.moment.wall_ms);
    if (this.#signer !== undefined) return this.#signer;
    const fresh = delegateEpoch(batch, state, options.keyring);
    batch.whenDurable(() => this.#parts.delegated(fresh.keyId));
    this.#signer = fresh;
    return fresh;
  }

  #now(): { readonly moment: Moment; readonly wall_jump_ms: number | undefined } {
    const { clock, readings } = this.#parts;
    const wall_ms = readings.wallMs();
    const mono_us = readings.monoUs();
    const { now_us, wall_jump_ms } = clock.read(wall_ms, mono_us);
    const ts = new Date(wall_ms).toISOString();
    return { moment: { wall_ms, ts, mono_us, now_us }, wall_jump_ms };
  }

  #noteJump(batch: Batch, wall_jump_ms: number | undefined): void {
    if (wall_jump_ms === undefined) return;
    batch.addOwn({ type: 'lifecycle', lifecycle: 'clock', wall_jump_ms }, this.signerFor(batch));
  }
}
