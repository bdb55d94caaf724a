import type { Principal } from '../identity/principal.ts';
import { RECORD_CAPS } from '../receipt/common_fields.ts';
import type { EgressRequest } from '../request/egress_request.ts';
import { NO_MOMENT, type PolicyEvaluation, type RuleOutcome } from './compiled.ts';
import { HostIndex } from './host_index.ts';
import { seenByAll } from './onlookers.ts';
import { openingFor } from './opening.ts';
import type { Plan, PlanRule } from './plan.ts';
import { coverage, covers, type Stand, standOf } from './precedence.ts';
import { type RequestView, viewOf } from './request_view.ts';
import { finished, type Steps } from './steps.ts';
import { isSameOutcome, Tally } from './tally.ts';

/** The rules of a plan that can have a say, ready to be asked. */
export interface RuleSet {
  readonly index: HostIndex<PlanRule>;
  /** The document and its ceilings. */
  readonly layers: number;
}

export function ruleSetOf(plan: Plan): RuleSet {
  return finished(ruleSetSteps(plan));
}

/** `ruleSetOf` in steps. */
export function* ruleSetSteps({ rules, ceilings }: Plan): Steps<RuleSet> {
  return { index: yield* HostIndex.inSteps(rules.filter(hasSay)), layers: 1 + ceilings.length };
}

/** Of a shadow document: what it would do if it were live, so without its own shadow rules and observers. */
export function* liveRuleSetSteps(plan: Plan): Steps<RuleSet> {
  const isLive = ({ action, shadow }: PlanRule) => !shadow && (action === 'allow' || action === 'deny');
  return yield* ruleSetSteps({ ...plan, rules: plan.rules.filter(isLive) });
}

function hasSay({ enabled, action, layer }: PlanRule): boolean {
  return enabled && (action !== 'allow' || layer !== undefined);
}

/** Judges one request by all enabled rules. Their order plays no part. */
export function evaluateRules(
  { index, layers }: RuleSet,
  request: EgressRequest,
  principal: Principal,
  atMs: number = NO_MOMENT,
): PolicyEvaluation {
  if (request.protocol === 'connect') return evaluateTunnel({ index, layers }, request, principal, atMs);
  const view = viewOf(request);
  const live = new Tally(layers);
  const shadows: Standing[] = [];
  const observers = new Set<string>();
  let isWatched = false;
  index.visit(request, principal, (rule) => {
    if (rule.action === 'alert' || rule.action === 'log_only') {
      const covered = coverage(rule.match, view, principal);
      if (covered !== 'no') observers.add(rule.id);
      if (covered === 'pending') isWatched = true;
      return;
    }
    const stand = standOf(rule, view, principal, atMs);
    if (stand === undefined) return;
    if (rule.shadow) shadows.push({ stand, rule });
    else live.add(stand, rule);
  });
  const outcome = live.outcome(request);
  const shadow = shadows.length === 0 ? outcome : withShadows(live, shadows, outcome, request);
  return { ...seenByAll({ live: outcome, shadow }, isWatched, request), observed_by: observedBy(observers) };
}

/**
 * A CONNECT. Its allow rules say what tunnel would open; what the others come to depends on that, because inside an
 * intercepted tunnel each request is judged again.
 */
function evaluateTunnel(
  { index, layers }: RuleSet,
  request: EgressRequest,
  principal: Principal,
  atMs: number,
): PolicyEvaluation {
  const found = new Set<PlanRule>();
  index.visit(request, principal, (rule) => found.add(rule));
  const rules = [...found];
  const judge = (asked: readonly PlanRule[]) => judgeTunnel(asked, layers, request, principal, atMs);
  const live = judge(rules.filter(({ shadow }) => !shadow));
  const shadow = rules.some((rule) => rule.shadow) ? judge(rules).outcome : live.outcome;
  const observers = rules.filter(({ action }) => action === 'alert' || action === 'log_only');
  const observing = observers.filter(({ match }) => covers(match, live.view, principal)).map(({ id }) => id);
  return {
    live: live.outcome,
    shadow: isSameOutcome(shadow, live.outcome) ? live.outcome : shadow,
    observed_by: observedBy(new Set(observing)),
  };
}

function judgeTunnel(
  rules: readonly PlanRule[],
  layers: number,
  request: EgressRequest,
  principal: Principal,
  atMs: number,
): { readonly outcome: RuleOutcome; readonly view: RequestView } {
  const tally = new Tally(layers, true);
  const add = (action: PlanRule['action'], view: RequestView) => {
    for (const rule of rules) {
      const stand = rule.action === action ? standOf(rule, view, principal, atMs) : undefined;
      if (stand !== undefined) tally.add(stand, rule);
    }
  };
  add('allow', viewOf(request));
  const view = viewOf(request, openingFor(request, tally.opening()));
  add('deny', view);
  return { outcome: tally.outcome(request), view };
}

/** A receipt has room for so many. An observer must never cost a request its verdict, so the rest is left out. */
function observedBy(observers: ReadonlySet<string>): readonly string[] {
  return observers.size === 0 ? NOBODY : [...observers].sort().slice(0, RECORD_CAPS.observed_by);
}

const NOBODY: readonly string[] = Object.freeze([]);

interface Standing {
  readonly stand: Stand;
  readonly rule: PlanRule;
}

/** The live outcome is already taken, so the tally may now count the shadow rules as well. */
function withShadows(
  tally: Tally,
  shadows: readonly Standing[],
  live: RuleOutcome,
  request: EgressRequest,
): RuleOutcome {
  for (const { stand, rule } of shadows) tally.add(stand, rule);
  const outcome = tally.outcome(request);
  return isSameOutcome(outcome, live) ? live : outcome;
}
