import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { openKeyring } from '../keys/keyring.ts';
import { readLatest } from '../recorder/checkpointer.ts';
import { openRecorder } from '../recorder/opening.ts';
import { CliError, EXIT } from './exit.ts';
import { askGateway } from './gateway_client.ts';
import { newestFirst } from './journal_reader.ts';
import { offlineRecorder } from './offline_recorder.ts';

export interface SignedHead {
  /** Records that it covers. */
  readonly size: number;
  /** The signed note. */
  readonly note: string;
}

/**
 * A checkpoint over everything durable now. The running gateway signs one; after a clean stop the last one already
 * covers everything; after a crash the recorder is opened once, which recovers the journal and records that it did.
 */
export async function currentCheckpoint(settings: Settings, layout: Layout): Promise<SignedHead> {
  const answered = await askGateway(layout.gateway_socket, 'POST', '/checkpoint');
  if (answered !== undefined) return headOf(answered);
  const keyring = openKeyring(layout.keys_dir);
  const latest = readLatest(layout.checkpoints_dir, keyring.log);
  const [newest] = newestFirst(layout.journal_dir);
  if (latest !== undefined && newest !== undefined && latest.size === newest.record.seq + 1) return latest;
  const recorder = await openRecorder({ ...offlineRecorder(settings, layout), keyring });
  await recorder.stop();
  const signed = readLatest(layout.checkpoints_dir, keyring.log);
  if (signed === undefined) throw new CliError(EXIT.unavailable, 'no checkpoint could be signed');
  return signed;
}

function headOf(answer: unknown): SignedHead {
  if (typeof answer === 'object' && answer !== null && 'size' in answer && 'note' in answer) {
    const { size, note } = answer;
    if (typeof size === 'number' && typeof note === 'string') return { size, note };
  }
  throw new CliError(
    EXIT.unavailable,
    'the gateway answered without a checkpoint',
    'is it of the same version?',
  );
}
