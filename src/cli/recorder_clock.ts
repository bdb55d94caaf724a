import { openRecorder } from '../recorder/opening.ts';
import { EXIT } from './exit.ts';
import { askGateway } from './gateway_client.ts';
import { offlineRecorder } from './offline_recorder.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';
import { requireJournal } from './requirements.ts';

/** `recorder clock-accept`: through the running recorder, or on the folder when none runs. */
export async function clockAccept(flags: Flags): Promise<number> {
  const settings = settingsFor(flags);
  const layout = layoutFor(settings);
  requireJournal(layout);
  const answer = await askGateway(layout.gateway_socket, 'POST', '/clock-accept');
  const moved_ms =
    answer === undefined ? await acceptOffline(offlineRecorder(settings, layout)) : movedBy(answer);
  if (flags['json'] === true) process.stdout.write(`${JSON.stringify({ moved_ms })}\n`);
  else process.stdout.write(`${text(moved_ms)}\n`);
  return EXIT.ok;
}

/** The acceptance is the first thing that this start records. */
async function acceptOffline(options: ReturnType<typeof offlineRecorder>): Promise<number> {
  let moved_ms = 0;
  const recorder = await openRecorder({
    ...options,
    acceptClock: true,
    clockAccepted: (ms) => {
      moved_ms = ms;
    },
  });
  await recorder.stop();
  return moved_ms;
}

function movedBy(answer: unknown): number {
  const moved = typeof answer === 'object' && answer !== null && 'moved_ms' in answer ? answer.moved_ms : 0;
  return typeof moved === 'number' ? moved : 0;
}

function text(moved_ms: number): string {
  if (moved_ms === 0) return 'the ledger clock is not behind the wall clock: nothing to accept';
  const now = new Date().toISOString();
  return `accepted ${now}: the ledger clock moved forward by ${Math.round(moved_ms / 1_000)} s, and limits have refilled for that time; it is on record`;
}
