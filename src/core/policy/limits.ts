import type { Principal } from '../identity/principal.ts';
import type { EgressRequest, TunnelMode } from '../request/egress_request.ts';
import type { LimitDemand } from './compiled.ts';
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
  const found: PlanLimit[] = [];
  const view = viewOf(request, tunnel);
  limits.visit(request, principal, (limit) => {
    // Each request inside is counted by itself; only who counts CONNECTs wants this one.
    if (tunnel === 'intercept' && !isOfConnects(limit.match)) return;
    if (!found.includes(limit) && covers(limit.match, view, principal)) found.push(limit);
  });
  found.sort((a, b) => a.index - b.index);
  return found.flatMap((limit) => limit.buckets.map((bucket) => demandOf(limit, bucket, principal)));
}

/** What one bucket asks for a principal; the same bucket for every request. */
export function demandOf(limit: PlanLimit, bucket: Bucket, principal: Principal): LimitDemand {
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

/** Length-prefixed, so that no choice of ids makes two keys one. */
function keyOf(...parts: readonly string[]): string {
  return parts.map((part) => `${part.length}:${part}`).join('');
}
