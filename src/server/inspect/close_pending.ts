import { setTimeout as sleep } from 'node:timers/promises';
import type { Mac } from '../../core/canonical/sealed_text.ts';
import type { RecorderPort } from '../ports.ts';
import { lateProposal } from './judge_body.ts';
import { unsealPending } from './pending_ticket.ts';

/** A recorder that is away or has no room is asked again, this often and after so long. */
const TIMES_MAX = 20;
const PAUSE_MS = 250;
const AWAY: readonly string[] = ['RECORDER_UNAVAILABLE', 'RECORDER_BUSY'];

/**
 * Records the denial of a held request that Envoy's log alone still tells of: whoever held it has died. False when the
 * text is no ticket of that run of Envoy, or there is no record behind it. `recordedBy`: the gateway that reads the log;
 * absent where the recorder itself does.
 */
export async function closePending(
  recorder: Pick<RecorderPort, 'append'>,
  mac: Mac,
  pending: string,
  epoch: string,
  recordedBy?: string,
): Promise<boolean> {
  const ticket = unsealPending(pending, mac);
  if (!ticket.ok || ticket.value.draft.envoy_epoch !== epoch) return false;
  for (let times = 1; ; times++) {
    const appended = await recorder.append(lateProposal(ticket.value, recordedBy));
    if (appended.ok || typeof appended.problem === 'object') return true;
    // The line is read once more only after a restart.
    if (times === TIMES_MAX || !AWAY.includes(appended.problem)) return false;
    await sleep(PAUSE_MS);
  }
}
