import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import type { ClockStart } from '../core/ledger/clock.ts';
import { Checkpointer, readLatest } from './checkpointer.ts';
import { CommitLoop } from './commit_loop.ts';
import { openFileDisk } from './disk.ts';
import { replaceFile, syncFolder } from './durable_file.ts';
import { publicKeyRef } from './epoch.ts';
import { AGGREGATE_WINDOW_MS } from './folded_denials.ts';
import { headsFileOf, requireHeads, requireNothingPending } from './heads_gate.ts';
import { Journal } from './journal.ts';
import { startLedgerClock, warnWhileHeldBack } from './ledger_clock.ts';
import { takeLock } from './lock.ts';
import type { RecorderClock, RecorderOptions } from './options.ts';
import { recoveryContext, requireOwnKeys } from './read_back.ts';
import { recallReceipts } from './recall.ts';
import { Recorder } from './recorder.ts';
import { type Recovered, recover } from './recovery.ts';
import { makeRoom, readFailure } from './reserve.ts';
import { type RecordFacts, Scribe } from './scribe.ts';
import type { JournalState } from './state.ts';
import { requireSafeStorage } from './storage.ts';
import { Upkeep } from './upkeep.ts';

/** One hour of an inspected stream and some time for its log line. */
const MAX_STREAM_MS = 3_900_000;
const LOG_ID_BYTES = 16;

const systemClock: RecorderClock = {
  wallMs: () => Date.now(),
  monoUs: () => {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1_000_000 + Math.floor(nanoseconds / 1_000);
  },
};

/**
 * Opens the journal for the life of this process: lock, recovery, first records. Throws `RecorderError` when the
 * storage is not safe, the journal is in use, or what is on disk is not what was acknowledged.
 */
export async function openRecorder(options: RecorderOptions): Promise<Recorder> {
  const { layout, settings } = options;
  mkdirSync(layout.journal_dir, { recursive: true, mode: 0o700 });
  requireSafeStorage(layout.journal_dir, settings.allow_unsafe_storage);
  const unlock = takeLock(layout.journal_lock);
  try {
    return await start(options, unlock);
  } catch (error) {
    makeRoom(layout.journal_dir, options.keyring, error, (options.clock ?? systemClock).wallMs());
    unlock();
    throw error;
  }
}

async function start(options: RecorderOptions, unlock: () => void): Promise<Recorder> {
  const { layout, keyring } = options;
  const readings = options.clock ?? systemClock;
  requireNothingPending(options);
  const recovered = readBack(options);
  const { state } = recovered;
  requireOwnKeys(options, state);
  recallReceipts(layout.journal_dir, state);
  const elsewhere = headsFileOf(options);
  await requireHeads(options, state, elsewhere);
  const log_id = state.identity?.log_id ?? randomBytes(LOG_ID_BYTES).toString('hex');
  const origin = `${options.issuer}/${log_id}`;
  const latest = readLatest(layout.checkpoints_dir, keyring.log);
  const boot_id = readings.bootId?.() ?? bootId();
  const clockStart = startLedgerClock(options, state, readings, boot_id);
  const journal = new Journal(layout.journal_dir, options.disk ?? openFileDisk);
  const loop: CommitLoop = new CommitLoop({
    options,
    state,
    journal,
    clock: clockStart.clock,
    readings,
    scribe: new Scribe({ log_id, issuer: options.issuer, boot_id, process_id: process.pid }),
    log_id,
    committed: (commit) => upkeep.committed(commit),
    delegated: (keyId) => {
      keyring.retireEpochsExcept(keyId);
      publishKeys(options, state);
    },
  });
  const checkpointer = new Checkpointer(
    layout.checkpoints_dir,
    origin,
    keyring.log,
    latest,
    elsewhere === undefined ? undefined : (note) => elsewhere.publish(note),
  );
  const upkeep: Upkeep = new Upkeep({ options, state, journal, checkpointer, loop });
  if (clockStart.accepted_ms !== undefined) options.clockAccepted?.(clockStart.accepted_ms);
  openSegment(journal, recovered, log_id);
  loop.begin(
    state.head_seq < 0 ? genesisFacts(options) : undefined,
    openingFacts(options, recovered, clockStart),
  );
  publishKeys(options, state);
  if (elsewhere !== undefined && latest !== undefined) await elsewhere.publish(latest.note);
  const release = () => {
    journal.close();
    unlock();
  };
  const recorder = new Recorder({
    options,
    state,
    loop,
    upkeep,
    log_id,
    clock: clockStart.clock,
    readings,
    journal,
    elsewhere,
    release,
  });
  upkeep.begin(() => {
    warnWhileHeldBack(options, recorder);
    const expired_ms = (state.last_ledger_ms ?? 0) - (options.maxStreamMs ?? MAX_STREAM_MS);
    recorder
      .heartbeat(expired_ms)
      .catch((error: unknown) => options.log.error({ error }, 'heartbeat failed'));
  });
  warnWhileHeldBack(options, recorder);
  return recorder;
}

function readBack(options: RecorderOptions): Recovered {
  const recovered = recover(recoveryContext(options));
  if (recovered.cut !== undefined)
    options.log.warn(recovered.cut, 'cut a torn write from the end of the journal');
  return recovered;
}

function openSegment(journal: Journal, { state, segment }: Recovered, log_id: string): void {
  // Nothing is ever written behind a seal.
  if (segment === undefined || (state.segment?.sealed === true && segment.first_seq <= state.head_seq)) {
    journal.start(state.head_seq + 1, log_id);
  } else {
    journal.resume(segment.name);
  }
}

function genesisFacts(options: RecorderOptions): RecordFacts {
  const { keyring, genesis } = options;
  return {
    type: 'lifecycle',
    lifecycle: 'genesis',
    suite: 'ed25519-sha256-1',
    root_key: publicKeyRef(keyring.root),
    log_key: publicKeyRef(keyring.log),
    ...genesis,
  };
}

function openingFacts(
  options: RecorderOptions,
  { state, cut }: Recovered,
  clockStart: ClockStart,
): RecordFacts[] {
  const facts: RecordFacts[] = [];
  if (options.restore !== undefined && state.identity?.replaced === undefined)
    facts.push({ type: 'lifecycle', ...options.restore.facts });
  const failure = readFailure(options.layout.journal_dir, options.keyring);
  if (failure !== undefined) facts.push({ type: 'lifecycle', lifecycle: 'storage_failure', ...failure });
  const wasUnclean = state.head_seq >= 0 && !state.clean;
  if (wasUnclean || cut !== undefined) {
    facts.push({
      type: 'lifecycle',
      lifecycle: 'recovery',
      cut_bytes: cut?.bytes ?? 0,
      ...(cut === undefined ? {} : { cut_digest: cut.digest }),
      open_decisions: state.ledger.openCount,
      aggregate_window_ms: AGGREGATE_WINDOW_MS,
    });
  }
  const { held_back_ms, accepted_ms } = clockStart;
  if (held_back_ms !== undefined)
    facts.push({ type: 'lifecycle', lifecycle: 'clock', wall_jump_ms: held_back_ms });
  if (accepted_ms !== undefined)
    facts.push({ type: 'lifecycle', lifecycle: 'clock', wall_jump_ms: accepted_ms, accepted: true });
  facts.push({ type: 'lifecycle', lifecycle: 'start', engine: options.engine });
  return facts;
}

/** Keeps the trust file current, so that anyone can verify without asking us for a key. */
function publishKeys(options: RecorderOptions, state: JournalState): void {
  if (state.identity === undefined) return;
  mkdirSync(options.layout.run_dir, { recursive: true, mode: 0o700 });
  replaceFile(
    options.layout.public_keys,
    options.keyring.trustFile({ since: state.identity.since, epochs: state.epochs }),
  );
  syncFolder(options.layout.run_dir);
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}
