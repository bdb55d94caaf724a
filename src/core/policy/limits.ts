import type { Principal } from '../identity/principal.ts';
import type { LedgerOp } from '../ledger/operation.ts';
import { mayCarryCall } from '../request/call_path.ts';
import type { EgressRequest, TunnelMode } from '../request/egress_request.ts';
import { amountOf } from './budget_amount.ts';
import type { PlanBudget } from './budget_plan.ts';
import type { BudgetRefusal, LimitDemand } from './compiled.ts';
import type { HostIndex } from './host_index.ts';
import { isOfConnects } from './opening.ts';
import type { Bucket, PlanLimit } from './plan.ts';
import { covers } from './precedence.ts';
import { viewOf } from './request_view.ts';

const DIMENSIONS = {
  agent: 'agent_id',
  team: 'team_id',
  project: 'project_id',
  environment: 'environment',
} as const;

/** What the ledger has to admit, limit by limit in document order, rps before rpm. */
export function limitDemands(
  limits: HostIndex<PlanLimit>,
  request: EgressRequest,
  principal: Principal,
  tunnel: TunnelMode | undefined,
): readonly LimitDemand[] {
  return covering(limits, request, principal, tunnel).flatMap((limit) => [
    ...limit.buckets.map((bucket) => demandOf(limit, bucket, principal)),
    ...budgetDemands(limit, request, principal),
  ]);
}

/**
 * The denial of the first budget that refuses what nobody can count or price. The ledger is not asked then. Undefined
 * while nobody has looked at the body.
 */
export function budgetRefusal(
  limits: HostIndex<PlanLimit>,
  request: EgressRequest,
  principal: Principal,
): BudgetRefusal | undefined {
  for (const { id, budget } of covering(limits, request, principal, undefined)) {
    const amount = budget && amountIn(budget, request);
    if (budget?.unknown === 'deny' && typeof amount === 'string') return { reason: amount, rule_id: id };
  }
  return undefined;
}

/** What tells the state of a limit for a principal, whatever the request: its buckets, or its budget with nothing to charge. */
export function opsOf(limit: PlanLimit, principal: Principal): readonly LedgerOp[] {
  const buckets = limit.buckets.map((bucket) => demandOf(limit, bucket, principal).op);
  return limit.budget === undefined ? buckets : [budgetDemand(limit, limit.budget, principal, 0).op];
}

function covering(
  limits: HostIndex<PlanLimit>,
  request: EgressRequest,
  principal: Principal,
  tunnel: TunnelMode | undefined,
): readonly PlanLimit[] {
  const found: PlanLimit[] = [];
  const view = viewOf(request, tunnel);
  limits.visit(request, principal, (limit) => {
    // Each request inside is counted by itself; only who counts CONNECTs wants this one.
    if (tunnel === 'intercept' && !isOfConnects(limit.match)) return;
    if (!found.includes(limit) && covers(limit.match, view, principal)) found.push(limit);
  });
  return found.sort((a, b) => a.index - b.index);
}

/** What one bucket asks for a principal; the same bucket for every request. */
function demandOf(limit: PlanLimit, bucket: Bucket, principal: Principal): LimitDemand {
  const limit_id = `${limit.id}/${bucket.window}`;
  return {
    op: {
      op: 'gcra',
      limit_id,
      key: keyOf(principal.tenant_id, limit_id, limit.per, principal[DIMENSIONS[limit.per]]),
      period_us: bucket.period_us,
      tolerance_us: bucket.tolerance_us,
      cost: 1,
      mode: limit.mode,
      near_percent: limit.near_percent,
      ...limit.beyond,
    },
    denial: { reason: bucket.window === 'rps' ? 'LIMIT_RPS' : 'LIMIT_RPM', rule_id: limit.id },
  };
}

function budgetDemands(
  limit: PlanLimit,
  request: EgressRequest,
  principal: Principal,
): readonly LimitDemand[] {
  const { budget } = limit;
  const amount = budget && amountIn(budget, request);
  if (budget === undefined || amount === undefined) return [];
  return [budgetDemand(limit, budget, principal, amount)];
}

/** Streams, calls of gRPC and tunnels are read by nobody, and so they are no calls of models that anybody could count. */
function amountIn(budget: PlanBudget, request: EgressRequest): ReturnType<typeof amountOf> {
  return mayCarryCall(request) ? amountOf(budget, request.body) : undefined;
}

function budgetDemand(
  limit: PlanLimit,
  { unit, cap, slot_us, slots, anchor_us }: PlanBudget,
  principal: Principal,
  amount: number | string,
): LimitDemand {
  const limit_id = `${limit.id}/${unit === 'tokens' ? 'tokens' : 'usd'}`;
  const window = `${slots}*${slot_us}+${anchor_us}`;
  const isKnown = typeof amount === 'number';
  return {
    op: {
      op: 'budget',
      limit_id,
      key: keyOf(principal.tenant_id, limit_id, limit.per, principal[DIMENSIONS[limit.per]], window),
      unit,
      amount: isKnown ? amount : 0,
      ...{ cap, slot_us, slots, anchor_us },
      mode: limit.mode === 'alert_only' ? 'alert_only' : 'hard_stop',
      near_percent: limit.near_percent,
      ...(isKnown ? {} : { unpriced: true as const }),
    },
    denial: { reason: unit === 'tokens' ? 'LIMIT_TOKENS' : 'LIMIT_SPEND', rule_id: limit.id },
  };
}

/** Length-prefixed, so that no choice of ids makes two keys one. */
function keyOf(...parts: readonly string[]): string {
  return parts.map((part) => `${part.length}:${part}`).join('');
}
