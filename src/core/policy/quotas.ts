import type { Principal } from '../identity/principal.ts';
import type { LedgerOp } from '../ledger/operation.ts';
import { RECORD_CAPS } from '../receipt/common_fields.ts';
import { opsOf } from './limits.ts';
import type { PlanLimit, PlanMatch } from './plan.ts';
import { testAgent } from './predicates.ts';

/** One bucket that counts requests of an agent, as the agent is told of it. */
export interface QuotaAsk {
  /** Tells the bucket; nothing is charged. */
  readonly op: LedgerOp;
  readonly per: PlanLimit['per'];
  /** What a request has to be for the limit to count it, in the words of the document; absent: it counts every one. */
  readonly match?: Readonly<Record<string, unknown>>;
}

/** Buckets that are listed: as many as may count one request. */
export const QUOTAS_MAX = RECORD_CAPS.buckets;
/** Values of one list that are shown. */
const VALUES_SHOWN_MAX = 20;

/** The buckets of all limits that count some request of this agent, in document order, at most `QUOTAS_MAX`. */
export function quotaAsks(limits: readonly PlanLimit[], principal: Principal): readonly QuotaAsk[] {
  return limits
    .filter(({ match }) => testAgent(match, principal) === 'yes')
    .flatMap((limit) =>
      opsOf(limit, principal).map((op) => ({
        op,
        per: limit.per,
        ...matchOf(limit.match),
      })),
    )
    .slice(0, QUOTAS_MAX);
}

/** The agent part is true of whoever asks, so it is left out. */
function matchOf({ agent: _agent, hosts, anyHost, ...rest }: PlanMatch): Pick<QuotaAsk, 'match'> {
  const names = hosts && [...hosts.exact, ...[...hosts.parents].map((parent) => `*.${parent}`)].sort();
  const match: Record<string, unknown> = {
    ...(names ? { hosts: shown(names) } : {}),
    ...(anyHost ? { any_host: true } : {}),
  };
  for (const [name, value] of Object.entries(rest))
    if (value !== undefined)
      match[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] = shown(value);
  return Object.keys(match).length === 0 ? {} : { match };
}

/** As JSON can carry it, long lists cut. */
function shown(value: unknown): unknown {
  if (value instanceof Set || Array.isArray(value)) {
    const all = [...value];
    const rest = all.length - VALUES_SHOWN_MAX;
    return [...all.slice(0, VALUES_SHOWN_MAX).map(shown), ...(rest > 0 ? [`and ${rest} more`] : [])];
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(members.map(([name, member]) => [name, shown(member)]));
}
