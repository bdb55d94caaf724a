import type { Limit, PolicyDocument } from '../../gen/policy_document.ts';
import { encodeJcs } from '../canonical/jcs.ts';
import { type Mistake, pointerOf, quoted, warning } from './mistakes.ts';
import type { PlanLimit } from './plan.ts';

const SECONDS_PER_MINUTE = 60;

/** Limits that never bite, or that say two things about the same requests. */
export function limitWarnings(document: PolicyDocument, plans: readonly PlanLimit[]): readonly Mistake[] {
  const limits = document.limits ?? [];
  return [
    ...limits.flatMap(idleRate),
    ...limits.flatMap((limit, i) => idleBurst(limit, plans[i])),
    ...twins(limits),
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
