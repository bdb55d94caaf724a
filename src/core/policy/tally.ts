import type { EgressRequest } from '../request/egress_request.ts';
import type { RuleOutcome } from './compiled.ts';
import type { PlanRule } from './plan.ts';
import { isNamedBefore, NO_MATCH, PRECEDENCE, type Stand } from './precedence.ts';

const RANKS = new Map<Stand, number>(PRECEDENCE.map(({ stand }, rank) => [stand, rank]));

const CEILING: RuleOutcome = Object.freeze({ verdict: 'deny', reason: 'POLICY_CEILING' });

/**
 * What the rules seen so far come to. Denials count from wherever they come; allow rules count within their layer, and
 * every layer (the document, then each ceiling above it) has to allow.
 */
export class Tally {
  private readonly denies = new Strongest();
  private readonly own = new Strongest();
  private readonly ceilings: readonly Strongest[];

  constructor(layers: number) {
    this.ceilings = Array.from({ length: layers - 1 }, () => new Strongest());
  }

  add(stand: Stand, rule: PlanRule): void {
    if (rule.action === 'deny') this.denies.add(stand, rule);
    else if (rule.layer === 0) this.own.add(stand, rule);
    else this.ceilings[(rule.layer ?? 0) - 1]?.add(stand, rule);
  }

  outcome(request: EgressRequest): RuleOutcome {
    if (this.denies.rule) return this.denies.line();
    if (!this.own.allows()) return this.own.line();
    const lower = this.ceilings.find((ceiling) => !ceiling.allows());
    if (lower) return lower.rule ? lower.line() : CEILING;
    const allowed = this.own.line();
    if (!request.path_ambiguous) return allowed;
    // Judged bytes are forwarded bytes: all layers have to have allowed the same spelling of the path.
    const layers = [this.own, ...this.ceilings];
    if (layers.every(({ rewrites }) => rewrites)) return { ...allowed, path: 'rewrite' };
    if (layers.every(({ raws }) => raws)) return { ...allowed, path: 'raw' };
    return { ...allowed, verdict: 'deny', reason: 'PATH_AMBIGUOUS' };
  }
}

/** Keeps the strongest stand seen so far. */
class Strongest {
  rule: PlanRule | undefined;
  /** Some allow rule wants the normalised path. What allow rules ask for accumulates over all of them. */
  rewrites = false;
  /** Some allow rule takes the raw path. */
  raws = false;
  private rank: number = PRECEDENCE.length;

  add(stand: Stand, rule: PlanRule): void {
    const rank = RANKS.get(stand) ?? 0;
    if (stand === 'allows') {
      if (rule.path === 'rewrite') this.rewrites = true;
      if (rule.path === 'raw') this.raws = true;
    }
    const isStronger =
      rank < this.rank || (rank === this.rank && this.rule && isNamedBefore(rule, this.rule));
    if (!isStronger) return;
    this.rank = rank;
    this.rule = rule;
  }

  allows(): boolean {
    return PRECEDENCE[this.rank]?.verdict === 'allow';
  }

  line(): RuleOutcome {
    const line = PRECEDENCE[this.rank];
    if (!line || !this.rule) return NO_MATCH;
    return { verdict: line.verdict, reason: line.reason, rule_id: this.rule.id };
  }
}

export function isSameOutcome(a: RuleOutcome, b: RuleOutcome): boolean {
  return a.verdict === b.verdict && a.reason === b.reason && a.rule_id === b.rule_id && a.path === b.path;
}
