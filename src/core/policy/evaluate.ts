import type { Principal } from '../identity/principal.ts';
import type { EgressRequest } from '../request/egress_request.ts';
import type { PolicyEvaluation, RuleOutcome } from './compiled.ts';
import type { HostIndex } from './host_index.ts';
import type { PlanRule } from './plan.ts';
import { covers, isNamedBefore, NO_MATCH, PRECEDENCE, type Stand, standOf } from './precedence.ts';
import { viewOf } from './request_view.ts';

const RANKS = new Map<Stand, number>(PRECEDENCE.map(({ stand }, rank) => [stand, rank]));

/** Judges one request by all enabled rules. Their order plays no part. */
export function evaluateRules(
  rules: HostIndex<PlanRule>,
  request: EgressRequest,
  principal: Principal,
): PolicyEvaluation {
  const view = viewOf(request);
  const live = new Tally();
  const withShadow = new Tally();
  const observers = new Set<string>();
  rules.visit(request, principal, (rule) => {
    if (rule.action === 'alert' || rule.action === 'log_only') {
      if (covers(rule.match, view, principal)) observers.add(rule.id);
      return;
    }
    const stand = standOf(rule, view, principal);
    if (stand === undefined) return;
    withShadow.add(stand, rule);
    if (!rule.shadow) live.add(stand, rule);
  });
  const liveOutcome = live.outcome(request);
  return {
    live: liveOutcome,
    shadow: withShadow.isSameAs(live) ? liveOutcome : withShadow.outcome(request),
    observed_by: [...observers].sort(),
  };
}

/** Keeps the strongest stand seen so far. */
class Tally {
  private rank: number = PRECEDENCE.length;
  private rule: PlanRule | undefined;
  private rewrites = false;

  add(stand: Stand, rule: PlanRule): void {
    const rank = RANKS.get(stand) ?? 0;
    // What an allow asks for accumulates over all of them: if one wants the path rewritten, it is.
    if (stand === 'allows' && rule.path === 'rewrite') this.rewrites = true;
    const isStronger =
      rank < this.rank || (rank === this.rank && this.rule && isNamedBefore(rule, this.rule));
    if (!isStronger) return;
    this.rank = rank;
    this.rule = rule;
  }

  isSameAs(other: Tally): boolean {
    return this.rule === other.rule && this.rank === other.rank && this.rewrites === other.rewrites;
  }

  outcome(request: EgressRequest): RuleOutcome {
    const line = PRECEDENCE[this.rank];
    if (!line || !this.rule) return NO_MATCH;
    const { verdict, reason } = line;
    const rule_id = this.rule.id;
    if (verdict === 'deny' || !request.path_ambiguous) return { verdict, reason, rule_id };
    return { verdict, reason, rule_id, path: this.rewrites ? 'rewrite' : 'raw' };
  }
}
