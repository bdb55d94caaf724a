import type { Principal } from '../identity/principal.ts';
import type { RuleOutcome } from './compiled.ts';
import { countsFor, liftsFor } from './opening.ts';
import type { PlanException, PlanMatch, PlanRule } from './plan.ts';
import { type Tri, testAll, testVisible } from './predicates.ts';
import type { RequestView } from './request_view.ts';

/** How one rule stands to one request. */
export type Stand =
  | 'denies'
  | 'denies_override'
  | 'denies_opaque'
  | 'denies_unread'
  | 'denies_pending'
  | 'allows'
  | 'allows_pending'
  | 'stopped_by_path'
  | 'stopped_by_override'
  | 'stopped_by_tunnel'
  | 'stopped_by_upgrade'
  | 'stopped_by_unread';

interface PrecedenceLine {
  readonly stand: Stand;
  readonly verdict: RuleOutcome['verdict'];
  readonly reason: RuleOutcome['reason'];
}

/**
 * The order of precedence: the first line that any rule reaches decides. Deny before allow, then the allow rules that
 * were about to match, so that the caller learns what was in the way. No line reached: POLICY_NO_MATCH, a denial.
 * While a body is pending, what depends on it is read for the best: an allow rule counts, a deny rule does not yet.
 */
export const PRECEDENCE: readonly PrecedenceLine[] = [
  { stand: 'denies', verdict: 'deny', reason: 'POLICY_DENY' },
  { stand: 'denies_override', verdict: 'deny', reason: 'OVERRIDE_HEADER' },
  { stand: 'denies_opaque', verdict: 'deny', reason: 'TUNNEL_OPAQUE' },
  { stand: 'denies_unread', verdict: 'deny', reason: 'AI_UNREADABLE' },
  { stand: 'allows', verdict: 'allow', reason: 'POLICY_ALLOW' },
  { stand: 'stopped_by_path', verdict: 'deny', reason: 'PATH_AMBIGUOUS' },
  { stand: 'stopped_by_override', verdict: 'deny', reason: 'OVERRIDE_HEADER' },
  { stand: 'stopped_by_tunnel', verdict: 'deny', reason: 'TUNNEL_OPAQUE' },
  { stand: 'stopped_by_upgrade', verdict: 'deny', reason: 'UPGRADE_NOT_ALLOWED' },
  { stand: 'stopped_by_unread', verdict: 'deny', reason: 'AI_UNREADABLE' },
];

export const NO_MATCH: RuleOutcome = Object.freeze({ verdict: 'deny', reason: 'POLICY_NO_MATCH' });

const GRANTING = {
  deny_ambiguous: { grants: true, path: 'deny_ambiguous' },
  rewrite: { grants: true, path: 'rewrite' },
  raw: { grants: true, path: 'raw' },
} as const;
const WARY = { grants: false, path: 'raw' } as const;

/** Undefined: the rule has nothing to say about this request at this time. Only for allow and deny rules. */
export function standOf(
  rule: PlanRule,
  view: RequestView,
  principal: Principal,
  atMs: number,
): Stand | undefined {
  if (rule.action === 'allow') return standOfAllow(rule, view, principal);
  const stand = standOfDeny(rule, view, principal);
  if (stand === undefined || rule.exceptions.length === 0) return stand;
  if (exceptionFor(rule, view, principal, atMs) !== undefined) return undefined;
  return exceptionFor(rule, view, principal, atMs, 'allows_pending') === undefined ? stand : 'denies_pending';
}

/** The exception by which a deny rule leaves this request alone: as sure of the request as an allow rule would be. */
export function exceptionFor(
  { exceptions, match: denied }: PlanRule,
  view: RequestView,
  principal: Principal,
  atMs: number,
  wanted: Stand = 'allows',
): PlanException | undefined {
  return exceptions.find(
    ({ match, opens, expires_ms }) =>
      atMs < expires_ms &&
      standOfAllow({ match, opens, path: 'deny_ambiguous' }, view, principal) === wanted &&
      (!view.isTunnel || liftsFor(opens, denied, view.opening)),
  );
}

function standOfAllow(
  rule: Pick<PlanRule, 'match' | 'path' | 'opens'>,
  view: RequestView,
  principal: Principal,
): Stand | undefined {
  const result = testAll(rule.match, view, principal, GRANTING[rule.path]);
  if (view.isTunnel) return standOfOpening(rule, result, view, principal);
  if (result === 'no') return undefined;
  if (result === 'unknown') return 'stopped_by_tunnel';
  if (view.request.path_ambiguous && rule.path === 'deny_ambiguous') return 'stopped_by_path';
  if (view.isOverridden && isRestricted(rule.match)) return 'stopped_by_override';
  // What follows on the connection is no request that anybody judges, so it is granted by name or not at all.
  if (view.isUpgrade && rule.match.kind !== 'websocket') return 'stopped_by_upgrade';
  if (result === 'unread') return 'stopped_by_unread';
  return result === 'pending' ? 'allows_pending' : 'allows';
}

/** How an allow rule stands to a CONNECT: whatever it asks of requests, an intercepting one asks inside. */
function standOfOpening(
  { match, opens, path }: Pick<PlanRule, 'match' | 'path' | 'opens'>,
  result: Tri,
  view: RequestView,
  principal: Principal,
): Stand | undefined {
  if (opens === 'intercept')
    return testVisible(match, view, principal, GRANTING[path]) ? 'allows' : undefined;
  if (result === 'no') return undefined;
  return result === 'yes' && opens !== undefined ? 'allows' : 'stopped_by_tunnel';
}

function standOfDeny(rule: PlanRule, view: RequestView, principal: Principal): Stand | undefined {
  const result = testWary(rule.match, view, principal);
  if (result !== 'no') return DENYING[result];
  // Behind an override the visible method and path prove nothing, so such a rule holds without them.
  if (!view.isOverridden || !isRestricted(rule.match)) return undefined;
  const wider = testAll(unrestricted(rule.match), view, principal, WARY);
  if (wider === 'no') return undefined;
  return wider === 'pending' ? 'denies_pending' : 'denies_override';
}

const DENYING: Readonly<Record<Exclude<Tri, 'no'>, Stand>> = {
  yes: 'denies',
  unknown: 'denies_opaque',
  unread: 'denies_unread',
  pending: 'denies_pending',
};

/** Whether a match counts or observes this request: unknown is a yes, or the counting could be dodged. */
export function covers(match: PlanMatch, view: RequestView, principal: Principal): boolean {
  return coverage(match, view, principal) !== 'no';
}

/** The same with what is not known yet told apart: `pending` counts until the body is there. */
export function coverage(match: PlanMatch, view: RequestView, principal: Principal): Tri {
  const result = testWary(match, view, principal);
  if (result !== 'no' || !view.isOverridden || !isRestricted(match)) return result;
  return testAll(unrestricted(match), view, principal, WARY);
}

function testWary(match: PlanMatch, view: RequestView, principal: Principal): Tri {
  const result = testAll(match, view, principal, WARY);
  return view.isTunnel && !countsFor(match, result, view.opening) ? 'no' : result;
}

function isRestricted(match: PlanMatch): boolean {
  return match.methods !== undefined || match.pathPrefixes !== undefined;
}

function unrestricted(match: PlanMatch): PlanMatch {
  const { methods: _methods, pathPrefixes: _pathPrefixes, ...rest } = match;
  return rest;
}

/** Priority, then the id: which of several rules on the same line is named must not depend on their order. */
export function isNamedBefore(a: PlanRule, b: PlanRule): boolean {
  return a.priority === b.priority ? a.id < b.id : a.priority > b.priority;
}
