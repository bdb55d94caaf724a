import type { Limit } from '../../gen/policy_document.ts';
import type { GcraOp } from '../ledger/operation.ts';
import { type Mistake, mistake, quoted } from './mistakes.ts';

/** What the mode of a limit needs to know. */
export type BeyondLimit = Pick<GcraOp, 'max_delay_us' | 'grace_us' | 'grace_calls'>;

export const NEAR_LIMIT_PERCENT = 80;
const DELAY_MS = 1_000;
const GRACE_MINUTES = 5;
const GRACE_CALLS = 20;
const MINUTE_US = 60_000_000;

export function beyondOf(limit: Limit): BeyondLimit {
  if (limit.mode === 'throttle') return { max_delay_us: (limit.max_delay_ms ?? DELAY_MS) * 1_000 };
  if (limit.mode !== 'soft_stop') return {};
  const { grace_minutes = GRACE_MINUTES, grace_calls = GRACE_CALLS } = limit;
  return { grace_us: grace_minutes * MINUTE_US, grace_calls };
}

const KEYS_OF_MODES = {
  max_delay_ms: 'throttle',
  grace_minutes: 'soft_stop',
  grace_calls: 'soft_stop',
} as const;

/** Keys that belong to another mode would silently do nothing. */
export function modeMistakes(limit: Limit, at: string): readonly Mistake[] {
  const keys = ['max_delay_ms', 'grace_minutes', 'grace_calls'] as const;
  return keys
    .filter((key) => limit[key] !== undefined && (limit.mode ?? 'hard_stop') !== KEYS_OF_MODES[key])
    .map((key) => {
      const message = `${key} on the limit ${quoted(limit.id)}, whose mode is ${limit.mode ?? 'hard_stop'}`;
      return mistake(
        'MODE_KEY_UNUSED',
        `${at}/${key}`,
        message,
        `write mode: ${KEYS_OF_MODES[key]}, or remove it`,
      );
    });
}
