import type { Limit, PolicyDocument } from '../../gen/policy_document.ts';
import { encodeJcs } from '../canonical/jcs.ts';
import { type Mistake, pointerOf, quoted, warning } from './mistakes.ts';
import type { Bucket, PlanLimit } from './plan.ts';

const SECONDS_PER_MINUTE = 60;

/** Limits that never bite, or that say two things about the same requests. */
export function limitWarnings(document: PolicyDocument, plans: readonly PlanLimit[]): readonly Mistake[] {
  const limits = document.limits ?? [];
  return [
    ...limits.flatMap(idleRate),
    ...limits.flatMap((limit, i) => idleBurst(limit, plans[i])),
    ...twins(limits),
    ...limits.flatMap((limit, i) => noGrace(limit, plans[i])),
    ...limits.flatMap(overLongDelay),
    ...limits.flatMap((limit, i) => pointlessThrottle(limit, i, limits, plans)),
  ];
}

function idleRate({ id, rps, rpm }: Limit, index: number): readonly Mistake[] {
  if (rps === undefined || rpm === undefined || rpm < rps * SECONDS_PER_MINUTE) return [];
  const message = `in the limit ${quoted(id)} rpm ${rpm} never bites: rps ${rps} admits no more than that`;
  return [
    warning('LIMIT_CONTRADICTORY', pointerOf('limits', index, 'rpm'), message, 'lower rpm, or remove it'),
  ];
}

function idleBurst({ id, rps, burst }: Limit, plan: PlanLimit | undefined): readonly Mistake[] {
  const perMinute = plan?.buckets.find(({ window }) => window === 'rpm');
  if (rps === undefined || burst === undefined || !perMinute) return [];
  const atOnce = perMinute.tolerance_us / perMinute.period_us + 1;
  if (burst <= atOnce) return [];
  const message = `in the limit ${quoted(id)} a burst of ${burst} is never reached: rpm admits ${atOnce} at once`;
  return [
    warning(
      'LIMIT_CONTRADICTORY',
      pointerOf('limits', plan?.index ?? 0, 'burst'),
      message,
      'lower burst, or raise rpm',
    ),
  ];
}

/** Ten percent of what comes at once is what a run may overdraw: of fewer than ten requests that is none. */
function noGrace({ id, mode }: Limit, plan: PlanLimit | undefined): readonly Mistake[] {
  if (mode !== 'soft_stop' || plan === undefined) return [];
  const small = plan.buckets.filter(({ tolerance_us, period_us }) => tolerance_us / period_us + 1 < 10);
  return small.map(({ window }) => {
    const message = `the soft_stop of the limit ${quoted(id)} never lets a run go on: 110 % of its ${window} bucket is no whole request more`;
    const hint =
      'raise burst to 10 or more, or write mode: hard_stop; requests without a run are refused anyway';
    return warning('SOFT_STOP_WITHOUT_GRACE', pointerOf('limits', plan.index, 'mode'), message, hint);
  });
}

/** What a Check can wait with the default time-out of 2 s, of which 250 ms are kept back. */
const BEARABLE_DELAY_MS = 1_750;

function overLongDelay({ id, max_delay_ms }: Limit, index: number): readonly Mistake[] {
  if (max_delay_ms === undefined || max_delay_ms <= BEARABLE_DELAY_MS) return [];
  const message = `max_delay_ms ${max_delay_ms} of the limit ${quoted(id)} is longer than a Check may take`;
  const hint = `it is cut to check_timeout_ms - 250, by default ${BEARABLE_DELAY_MS}; raise check_timeout_ms or lower it`;
  return [warning('DELAY_BEYOND_DEADLINE', pointerOf('limits', index, 'max_delay_ms'), message, hint)];
}

/** A hard stop that is at least as tight refuses everything that would have been delayed. */
function pointlessThrottle(
  limit: Limit,
  index: number,
  limits: readonly Limit[],
  plans: readonly PlanLimit[],
): readonly Mistake[] {
  if (limit.mode !== 'throttle') return [];
  const scope = ({ match = {}, per }: Limit) => encodeJcs({ match, per });
  const tighter = limits.find((other, i) => {
    const isHard = (other.mode ?? 'hard_stop') === 'hard_stop' && scope(other) === scope(limit);
    return isHard && plans[index]?.buckets.every((bucket) => isUnder(plans[i], bucket));
  });
  if (tighter === undefined) return [];
  const message = `the throttle of the limit ${quoted(limit.id)} never delays: ${quoted(tighter.id)} refuses before`;
  return [
    warning(
      'LIMIT_CONTRADICTORY',
      pointerOf('limits', index),
      message,
      'give the hard_stop more, or remove one',
    ),
  ];
}

function isUnder(hard: PlanLimit | undefined, { period_us, tolerance_us }: Bucket): boolean {
  return hard?.buckets.some((own) => own.period_us >= period_us && own.tolerance_us <= tolerance_us) === true;
}

/** Two limits of one mode over the same requests and buckets: only the tighter one is ever felt. */
function twins(limits: readonly Limit[]): readonly Mistake[] {
  const first = new Map<string, Limit>();
  return limits.flatMap((limit, index) => {
    const key = encodeJcs({ match: limit.match ?? {}, per: limit.per, mode: limit.mode ?? 'hard_stop' });
    const twin = first.get(key);
    first.set(key, twin ?? limit);
    if (!twin) return [];
    const isSame = twin.rps === limit.rps && twin.rpm === limit.rpm && twin.burst === limit.burst;
    const overlaps = (twin.rps && limit.rps) || (twin.rpm && limit.rpm);
    if (!overlaps) return [];
    const code = isSame ? 'LIMIT_DUPLICATE' : 'LIMIT_CONTRADICTORY';
    const what = isSame ? 'repeats' : 'covers the same requests as';
    const message = `the limit ${quoted(limit.id)} ${what} ${quoted(twin.id)}`;
    return [warning(code, pointerOf('limits', index), message, 'only the tighter one is felt; keep one')];
  });
}
