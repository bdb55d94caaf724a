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
    ...limits.flatMap(idleBudget),
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
    const { match = {}, per, mode = 'hard_stop' } = limit;
    const key = encodeJcs({ match, per, mode, counts: countedIn(limit) });
    const twin = first.get(key);
    first.set(key, twin ?? limit);
    if (!twin) return [];
    const isSame = COUNTED.every((name) => twin[name] === limit[name]);
    const overlaps = COUNTED.some((name) => name !== 'burst' && twin[name] && limit[name]);
    if (!overlaps) return [];
    const code = isSame ? 'LIMIT_DUPLICATE' : 'LIMIT_CONTRADICTORY';
    const what = isSame ? 'repeats' : 'covers the same requests as';
    const message = `the limit ${quoted(limit.id)} ${what} ${quoted(twin.id)}`;
    return [warning(code, pointerOf('limits', index), message, 'only the tighter one is felt; keep one')];
  });
}

const COUNTED = ['rps', 'rpm', 'burst', 'tokens', 'usd_cents'] as const;

/** Requests, or one unit over one window: only what counts the same is felt twice. */
function countedIn({ tokens, usd_cents, window = {} }: Limit) {
  if (tokens === undefined && usd_cents === undefined) return 'requests';
  const { sliding = '', fixed = '', anchor = '' } = window;
  return [tokens === undefined ? 'usd_cents' : 'tokens', sliding, fixed, anchor];
}

/** Kinds of which no request is a call of a model. */
const KINDS_WITHOUT_CALLS: readonly (string | undefined)[] = [
  'connect',
  'tcp',
  'websocket',
  'grpc',
  'mcp',
  'a2a',
];

function idleBudget({ id, tokens, usd_cents, match }: Limit, index: number): readonly Mistake[] {
  const kind = match?.protocol?.kind;
  if ((tokens ?? usd_cents) === undefined || !KINDS_WITHOUT_CALLS.includes(kind)) return [];
  const message = `the limit ${quoted(id)} counts nothing: no request of kind ${kind} is a call of a model`;
  const hint = 'write kind: llm, or leave the kind out';
  return [warning('BUDGET_IDLE', pointerOf('limits', index, 'match', 'protocol', 'kind'), message, hint)];
}
