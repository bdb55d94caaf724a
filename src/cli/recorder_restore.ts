import { acceptRestore, previewRestore, type Restored } from '../recorder/restore.ts';
import type { RestorePlan } from '../recorder/restore_plan.ts';
import { CliError, EXIT } from './exit.ts';
import { offlineRecorder } from './offline_recorder.ts';
import { type Flags, layoutFor, settingsFor, stateFlag } from './options.ts';
import { requireJournal } from './requirements.ts';

/** `recorder restore-accept`: shows what is lost; with `--yes` keeps the old log aside and begins a new one. */
export async function restoreAccept(flags: Flags): Promise<number> {
  const settings = settingsFor(flags);
  const layout = layoutFor(settings);
  requireJournal(layout);
  const options = offlineRecorder(settings, layout);
  const { plan, unfinished } = await previewRestore(options);
  requireReason(plan, unfinished || flags['declare'] === true);
  const json = flags['json'] === true;
  if (flags['yes'] !== true) {
    process.stdout.write(
      json ? `${JSON.stringify({ accepted: false, ...shown(plan) })}\n` : preview(plan, flags),
    );
    return EXIT.no;
  }
  const restored = await acceptRestore(options);
  process.stdout.write(json ? `${JSON.stringify(result(restored))}\n` : done(restored));
  return EXIT.ok;
}

/** A log must not end because somebody typed the wrong command. */
function requireReason({ problems, damage }: RestorePlan, declared: boolean): void {
  if (declared || problems.length > 0 || damage !== undefined) return;
  throw new CliError(
    EXIT.no,
    'nothing shows that this state folder was rolled back: its journal holds everything that is known elsewhere',
    'start as usual; when you know that an older copy was restored, add --declare',
  );
}

function shown({ facts, problems, damage }: RestorePlan) {
  const { previous_log_id, previous_seq, previous_hash, known_elsewhere } = facts;
  return {
    ...(previous_log_id === undefined ? {} : { previous_log_id }),
    ...(previous_seq === undefined ? {} : { previous_seq }),
    ...(previous_hash === undefined ? {} : { previous_hash }),
    known_elsewhere,
    problems,
    ...(damage === undefined ? {} : { damage }),
  };
}

function result({ plan, log_id, kept_in }: Restored) {
  return { accepted: true, log_id, kept_in, ...shown(plan) };
}

function preview(plan: RestorePlan, flags: Flags): string {
  const { facts, problems, damage } = plan;
  const log = facts.previous_log_id ?? '(unknown)';
  const held =
    facts.previous_seq === undefined
      ? 'nothing of it can be read'
      : `${facts.previous_seq + 1} records are held, up to ${facts.previous_hash}`;
  return [
    `log ${log}: ${held}`,
    ...(damage === undefined ? [] : [`  damaged: ${damage}`]),
    ...problems.map((problem) => `  ${problem}`),
    '',
    'Lost, when you accept: every record behind the last one that is held. The requests they decided did go out.',
    'Then: the old log is kept under restored/ and never continued; a new log begins and says so in a signed record;',
    'request keys and anything else that may be used once are void; every limit starts used up and refills at its own rate.',
    '',
    'A newer copy of the state folder would lose less. When there is none:',
    `  clawgress recorder restore-accept${stateFlag(flags)} ${flags['declare'] === true ? '--declare ' : ''}--yes`,
    '',
  ].join('\n');
}

function done({ plan, log_id, kept_in }: Restored): string {
  return [
    `the log ${plan.facts.previous_log_id ?? '(unknown)'} is kept in ${kept_in}`,
    `a new log begins: ${log_id}`,
    'next: `clawgress keys export -o keys.json` for whoever verifies, then start as usual',
    '',
  ].join('\n');
}
