import type { TestRequest } from '../../gen/policy_document.ts';
import type { BodyFacts } from '../contract/body_facts.ts';
import type { RequestDemands } from '../contract/demands.ts';
import type { Principal } from '../identity/principal.ts';
import type { EgressRequest } from '../request/egress_request.ts';
import { fail, ok, type Result } from '../result.ts';
import { CALL_PREDICATES } from './ai_predicates.ts';
import { withReading } from './body_demands.ts';
import type { Compilation } from './compile.ts';
import { type LimitDemand, NO_MOMENT, type RuleOutcome } from './compiled.ts';
import { type Opening, openingFor } from './opening.ts';
import { AGENT_KEYS, type Plan, type PlanRule } from './plan.ts';
import { covers, exceptionFor, type Stand, standOf } from './precedence.ts';
import { PREDICATES, type Tri } from './predicates.ts';
import { type RequestView, viewOf } from './request_view.ts';
import { sampleRequest } from './sample_request.ts';
import { schemaTableOf } from './schemas.ts';
import { Tally } from './tally.ts';

export interface Explanation {
  readonly policy_id: string;
  readonly policy_hash: string;
  readonly request: Pick<
    EgressRequest,
    'protocol' | 'method' | 'scheme' | 'host' | 'port' | 'path' | 'path_normal' | 'original_destination'
  >;
  /** What a look at the body found; absent where nobody looked, or the body has no say. */
  readonly body?: BodyFacts;
  readonly outcome: RuleOutcome;
  /** Present when shadow rules, or the shadow document, would change the outcome. */
  readonly would_be?: RuleOutcome;
  readonly observed_by: readonly string[];
  /** Inherited documents that have to allow the request, too. */
  readonly ceilings: readonly string[];
  /** All rules, in document order, those of the document before inherited ones. */
  readonly rules: readonly RuleExplanation[];
  /** What an allow would charge. */
  readonly limits: readonly LimitDemand[];
}

export interface RuleExplanation {
  readonly rule_id: string;
  /** Id of the document that the rule stands in. */
  readonly document: string;
  readonly action: PlanRule['action'];
  readonly enabled: boolean;
  readonly shadow: boolean;
  /**
   * What the rule says about this request; `observes` for alert and log_only, `silent` when it has no say, `excepted`
   * when an exception takes the request out of a deny rule, `grants_nothing` for an allow rule of a parent,
   * `judged_inside` for what an intercepted tunnel hides only until its requests come.
   */
  readonly stand: Stand | 'observes' | 'silent' | 'excepted' | 'grants_nothing' | 'judged_inside';
  readonly exception?: { readonly id: string; readonly reason: string };
  /** Predicates that the rule has, in the order they are tested. */
  readonly predicates: readonly PredicateExplanation[];
}

export interface PredicateExplanation {
  readonly name: string;
  /** `inside`: asked of each request in the tunnel that the rule intercepts. */
  readonly result: Tri | 'inside';
}

type Explained = Pick<Compilation, 'policy' | 'plan' | 'document'>;

/** Finds what policy asks of a body. */
export type Look = (request: EgressRequest, demands: RequestDemands) => BodyFacts;

/** As often as the gateway would look. */
const LOOKS_MAX = 4;

/** Why the policy says what it says at a moment, rule by rule. The problem is a request problem code. */
export function explain(
  compiled: Explained,
  sample: Omit<TestRequest, 'agent'>,
  principal: Principal,
  atMs: number = NO_MOMENT,
  look?: Look,
): Result<Explanation, string> {
  const { document, plan } = compiled;
  const request = sampleRequest(sample, { own: schemaTableOf(document), all: plan.schemas });
  if (!request.ok) return fail(request.problem);
  let explained = explainRequest(compiled, request.value, principal, atMs);
  for (let looks = 0; look !== undefined && looks < LOOKS_MAX; looks++) {
    const { inspect } = explained.outcome;
    if (inspect === undefined) break;
    const body = look(request.value, inspect);
    explained = { ...explainRequest(compiled, { ...request.value, body }, principal, atMs), body };
  }
  return ok(explained);
}

function explainRequest(
  { policy, plan }: Explained,
  request: EgressRequest,
  principal: Principal,
  atMs: number,
): Explanation {
  const { protocol, method, scheme, host, port, path, path_normal, original_destination } = request;
  const { live: judged, shadow, observed_by } = policy.evaluate(request, principal, atMs);
  const isRead = request.body === undefined && policy.limitsRead(request, principal);
  const live =
    isRead && judged.verdict === 'allow' ? { ...judged, inspect: withReading(judged.inspect) } : judged;
  const view = viewOf(request, openingOf(plan, request, principal));
  return {
    policy_id: policy.policy_id,
    policy_hash: policy.policy_hash,
    request: {
      protocol,
      scheme,
      host,
      port,
      ...(method === undefined ? {} : { method }),
      ...(original_destination === undefined ? {} : { original_destination }),
      ...(path === undefined ? {} : { path }),
      ...(path_normal === undefined || path_normal === path ? {} : { path_normal }),
    },
    outcome: live,
    ...(shadow === judged ? {} : { would_be: shadow }),
    observed_by,
    ceilings: plan.ceilings,
    rules: plan.rules.map((rule) => explainRule(rule, view, principal, atMs)),
    limits: policy.limits(request, principal, live.tunnel),
  };
}

/** Of a CONNECT: what the live allow rules come to, which the other rules depend on. */
function openingOf({ rules, ceilings }: Plan, request: EgressRequest, principal: Principal): Opening {
  if (request.protocol !== 'connect') return 'none';
  const tally = new Tally(1 + ceilings.length, true);
  for (const rule of rules) {
    const isAsked = rule.action === 'allow' && rule.enabled && !rule.shadow && rule.layer !== undefined;
    const stand = isAsked ? standOf(rule, viewOf(request), principal, NO_MOMENT) : undefined;
    if (stand !== undefined) tally.add(stand, rule);
  }
  return openingFor(request, tally.opening());
}

function explainRule(rule: PlanRule, view: RequestView, principal: Principal, atMs: number): RuleExplanation {
  const { id: rule_id, document, action, enabled, shadow, match, path } = rule;
  const stance = { grants: action === 'allow', path };
  const isOpened = view.isTunnel && rule.opens === 'intercept';
  const predicates = PREDICATES.filter(({ name }) => isPresent(rule, name)).map(
    ({ name, test, isHidden }) => ({
      name,
      result: isHidden && isOpened ? ('inside' as const) : test(match, view, principal, stance),
    }),
  );
  const stand = standInWords(rule, view, principal, atMs);
  const cause = stand === 'excepted' ? exceptionFor(rule, view, principal, atMs) : undefined;
  const exception = cause === undefined ? {} : { exception: { id: cause.id, reason: cause.reason } };
  return { rule_id, document, action, enabled, shadow, stand, ...exception, predicates };
}

function standInWords(
  rule: PlanRule,
  view: RequestView,
  principal: Principal,
  atMs: number,
): RuleExplanation['stand'] {
  if (!rule.enabled) return 'silent';
  if (rule.action === 'alert' || rule.action === 'log_only') {
    return covers(rule.match, view, principal) ? 'observes' : 'silent';
  }
  const stand = standOf(rule, view, principal, atMs);
  if (stand !== undefined) {
    const isGrant = stand === 'allows' || stand === 'allows_pending';
    return isGrant && rule.layer === undefined ? 'grants_nothing' : stand;
  }
  if (standOf(rule, view, principal, NO_MOMENT) !== undefined) return 'excepted';
  const isHidden = view.opening === 'intercept' && rule.match.kind !== 'tcp';
  const isLater = isHidden && standOf(rule, viewOf(view.request), principal, NO_MOMENT) === 'denies_opaque';
  return isLater ? 'judged_inside' : 'silent';
}

function isPresent({ match, action }: PlanRule, predicate: string): boolean {
  const isAllow = action === 'allow';
  // An allow rule always has an opinion on hosts and tunnels, also when it does not mention them.
  const present: Readonly<Record<string, boolean>> = {
    agent: AGENT_KEYS.some((key) => match.agent?.has(key)),
    'destination.hosts': isAllow || match.hosts !== undefined,
    'destination.ports': match.ports !== undefined,
    'destination.schemes': match.schemes !== undefined,
    'protocol.kind': isAllow || match.kind !== undefined,
    methods: match.methods !== undefined,
    path_prefixes: match.pathPrefixes !== undefined,
    'query.absent': match.queryAbsent !== undefined,
    ...Object.fromEntries(CALL_PREDICATES.map(([name, key]) => [name, match.call?.[key] !== undefined])),
  } satisfies Record<string, boolean>;
  return present[predicate] ?? true;
}
