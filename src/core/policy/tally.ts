import type { BodyFacts } from '../contract/body_facts.ts';
import { brokenBy, reasonOf } from '../contract/honoured.ts';
import type { EgressRequest, TunnelMode } from '../request/egress_request.ts';
import { wordOf } from './ai_predicates.ts';
import { ANSWERED, BodyDemands, READING } from './body_demands.ts';
import type { RuleOutcome } from './compiled.ts';
import { laxityOf, type Opening, openingFor, strictest } from './opening.ts';
import type { PlanRule } from './plan.ts';
import { isNamedBefore, NO_MATCH, PRECEDENCE, type Stand } from './precedence.ts';
import { isSameStream, StreamDemands } from './stream_demands.ts';

const RANKS = new Map<Stand, number>(PRECEDENCE.map(({ stand }, rank) => [stand, rank]));

const ALLOWING = RANKS.get('allows');

const CEILING: RuleOutcome = Object.freeze({ verdict: 'deny', reason: 'POLICY_CEILING' });

/**
 * What the rules seen so far come to. Denials count from wherever they come; allow rules count within their layer, and
 * every layer (the document, then each ceiling above it) has to allow.
 */
export class Tally {
  private readonly denies: Strongest;
  private readonly own: Strongest;
  private readonly ceilings: readonly Strongest[];
  private readonly streams = new StreamDemands();
  private readonly bodies = new BodyDemands();
  private readonly isTunnel: boolean;

  constructor(layers: number, isTunnel = false) {
    this.isTunnel = isTunnel;
    this.denies = new Strongest(isTunnel);
    this.own = new Strongest(isTunnel);
    this.ceilings = Array.from({ length: layers - 1 }, () => new Strongest(isTunnel));
  }

  /** What the allow rules seen so far open, if the request is a CONNECT. Every layer has to; the strictest holds. */
  opening(): Opening {
    const layers = [this.own, ...this.ceilings];
    return layers.every((layer) => layer.allows()) ? strictest(layers.map(({ tunnel }) => tunnel)) : 'none';
  }

  add(stand: Stand, rule: PlanRule): void {
    // Also of rules that something stops: a spelling by which a request slips past one must not take its caps off.
    if (!this.isTunnel) {
      this.streams.add(rule.stream);
      this.bodies.add(rule.contract);
      if (NEEDING.includes(stand)) this.bodies.read();
      if (stand === 'allows_pending') this.bodies.say(wordOf(rule.match));
    }
    if (stand === 'denies_pending') return;
    if (rule.action === 'deny') this.denies.add(stand, rule);
    else if (rule.layer === 0) this.own.add(stand, rule);
    else this.ceilings[(rule.layer ?? 0) - 1]?.add(stand, rule);
  }

  outcome(request: EgressRequest): RuleOutcome {
    const outcome = this.byRules(request);
    if (this.isTunnel) return outcome;
    return outcome.verdict === 'allow' ? this.byBody(outcome, request.body) : named(outcome, request.body);
  }

  /** What the body has to honour, and what the answer. */
  private byBody(allowed: RuleOutcome, body: BodyFacts | undefined): RuleOutcome {
    const { request: asked, response, isTooMuch } = this.bodies;
    if (isTooMuch) return refused(allowed, 'RECORD_TOO_LARGE');
    const broken = body && brokenBy(asked, body);
    if (broken !== undefined && broken !== 'again') return refused(allowed, broken);
    const wanted = asked ?? (response === undefined ? undefined : ANSWERED);
    const inspect = broken === 'again' ? (asked ?? READING) : body === undefined ? wanted : undefined;
    if (inspect !== undefined) return { ...allowed, inspect };
    return response === undefined ? allowed : { ...allowed, response };
  }

  private byRules(request: EgressRequest): RuleOutcome {
    if (this.denies.rule) return this.denies.line();
    if (!this.own.allows()) return this.own.line();
    const lower = this.ceilings.find((ceiling) => !ceiling.allows());
    if (lower) return lower.rule ? lower.line() : CEILING;
    const allowed = { ...this.own.line(), ...this.streams.outcome() };
    if (this.isTunnel) return opened(allowed, openingFor(request, this.opening()));
    if (!request.path_ambiguous) return allowed;
    // Judged bytes are forwarded bytes: all layers have to have allowed the same spelling of the path.
    const layers = [this.own, ...this.ceilings];
    if (layers.every(({ rewrites }) => rewrites)) return { ...allowed, path: 'rewrite' };
    if (layers.every(({ raws }) => raws)) return { ...allowed, path: 'raw' };
    return { ...this.own.line(), verdict: 'deny', reason: 'PATH_AMBIGUOUS' };
  }
}

const NEEDING: readonly Stand[] = ['allows_pending', 'denies_pending', 'denies_unread', 'stopped_by_unread'];

/** Where the body itself says why nobody can read it, that is the better reason. */
function named(outcome: RuleOutcome, body: BodyFacts | undefined): RuleOutcome {
  if (outcome.reason !== 'AI_UNREADABLE' || body?.problem === undefined) return outcome;
  return { ...outcome, reason: reasonOf(body.problem) };
}

function refused({ rule_id }: RuleOutcome, reason: RuleOutcome['reason']): RuleOutcome {
  return { verdict: 'deny', reason, ...(rule_id === undefined ? {} : { rule_id }) };
}

function opened(allowed: RuleOutcome, tunnel: Opening): RuleOutcome {
  if (tunnel === 'none') return { ...allowed, verdict: 'deny', reason: 'TUNNEL_OPAQUE' };
  return { ...allowed, tunnel };
}

/** Keeps the strongest stand seen so far. */
class Strongest {
  rule: PlanRule | undefined;
  /** Some allow rule wants the normalised path. What allow rules ask for accumulates over all of them. */
  rewrites = false;
  /** Some allow rule takes the raw path. */
  raws = false;
  private rank: number = PRECEDENCE.length;
  private readonly isTunnel: boolean;

  constructor(isTunnel: boolean) {
    this.isTunnel = isTunnel;
  }

  /** What the named allow rule makes of a CONNECT: the strictest that any of them does. */
  get tunnel(): TunnelMode | undefined {
    return this.isTunnel && this.allows() ? this.rule?.opens : undefined;
  }

  add(stand: Stand, rule: PlanRule): void {
    const rank = RANKS.get(stand === 'allows_pending' ? 'allows' : stand) ?? 0;
    if (rank === ALLOWING) {
      if (rule.path === 'rewrite') this.rewrites = true;
      if (rule.path === 'raw') this.raws = true;
    }
    const isStronger =
      rank < this.rank || (rank === this.rank && this.rule && this.precedes(rule, this.rule));
    if (!isStronger) return;
    this.rank = rank;
    this.rule = rule;
  }

  /** A receipt names a rule that opens the tunnel which holds. */
  private precedes(a: PlanRule, b: PlanRule): boolean {
    const laxity = this.isTunnel && this.allows() ? laxityOf(a.opens) - laxityOf(b.opens) : 0;
    return laxity === 0 ? isNamedBefore(a, b) : laxity < 0;
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
  const isSameRule = a.verdict === b.verdict && a.reason === b.reason && a.rule_id === b.rule_id;
  const isSameWay = a.path === b.path && a.tunnel === b.tunnel && isSameStream(a.stream, b.stream);
  return isSameRule && isSameWay && isSameAsked(a, b);
}

/** Built alike from the same rules, so their spelling tells them apart. */
function isSameAsked(a: RuleOutcome, b: RuleOutcome): boolean {
  return isSameText(a.inspect, b.inspect) && isSameText(a.response, b.response);
}

function isSameText(a: object | undefined, b: object | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
