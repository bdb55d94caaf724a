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
  | 'allows'
  | 'stopped_by_path'
  | 'stopped_by_override'
  | 'stopped_by_tunnel'
  | 'stopped_by_upgrade';

interface PrecedenceLine {
  readonly stand: Stand;
  readonly verdict: RuleOutcome['verdict'];
  readonly reason: RuleOutcome['reason'];
}

/**
 * The order of precedence: the first line that any rule reaches decides. Deny before allow, then the allow rules that
 * were about to match, so that the caller learns what was in the way. No line reached: POLICY_NO_MATCH, a denial.
 */
export const PRECEDENCE: readonly PrecedenceLine[] = [
  { stand: 'denies', verdict: 'deny', reason: 'POLICY_DENY' },
  { stand: 'denies_override', verdict: 'deny', reason: 'OVERRIDE_HEADER' },
  { stand: 'denies_opaque', verdict: 'deny', reason: 'TUNNEL_OPAQUE' },
  { stand: 'allows', verdict: 'allow', reason: 'POLICY_ALLOW' },
  { stand: 'stopped_by_path', verdict: 'deny', reason: 'PATH_AMBIGUOUS' },
  { stand: 'stopped_by_override', verdict: 'deny', reason: 'OVERRIDE_HEADER' },
  { stand: 'stopped_by_tunnel', verdict: 'deny', reason: 'TUNNEL_OPAQUE' },
  { stand: 'stopped_by_upgrade', verdict: 'deny', reason: 'UPGRADE_NOT_ALLOWED' },
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
  return exceptionFor(rule, view, principal, atMs) === undefined ? stand : undefined;
}

/** The exception by which a deny rule leaves this request alone: as sure of the request as an allow rule would be. */
export function exceptionFor(
  { exceptions, match: denied }: PlanRule,
  view: RequestView,
  principal: Principal,
  atMs: number,
): PlanException | undefined {
  return exceptions.find(
    ({ match, opens, expires_ms }) =>
      atMs < expires_ms &&
      standOfAllow({ match, opens, path: 'deny_ambiguous' }, view, principal) === 'allows' &&
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
  return view.isUpgrade && rule.match.kind !== 'websocket' ? 'stopped_by_upgrade' : 'allows';
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
  if (result === 'yes') return 'denies';
  if (result === 'unknown') return 'denies_opaque';
  // Behind an override the visible method and path prove nothing, so such a rule holds without them.
  if (!view.isOverridden || !isRestricted(rule.match)) return undefined;
  return testAll(unrestricted(rule.match), view, principal, WARY) === 'no' ? undefined : 'denies_override';
}

/** Whether a match counts or observes this request: unknown is a yes, or the counting could be dodged. */
export function covers(match: PlanMatch, view: RequestView, principal: Principal): boolean {
  if (testWary(match, view, principal) !== 'no') return true;
  if (!view.isOverridden || !isRestricted(match)) return false;
  return testAll(unrestricted(match), view, principal, WARY) !== 'no';
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
