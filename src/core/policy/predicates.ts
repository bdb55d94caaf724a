import type { Principal } from '../identity/principal.ts';
import { CALL_PREDICATES, isOfAi, testAiKind, testCall } from './ai_predicates.ts';
import { AGENT_KEYS, type PathMode, type PlanMatch } from './plan.ts';
import type { RequestView } from './request_view.ts';

/**
 * `unknown`: the request may or may not be so, and nobody here can see which. `unread`: the body was looked at and says
 * nothing for certain. `pending`: the body will say.
 */
export type Tri = 'yes' | 'no' | 'unknown' | 'unread' | 'pending';

/**
 * How a rule leans. An `allow` must be sure; a `deny` and everything that observes or counts must not be dodged,
 * so for them the same fact can read differently (an ambiguous path, a tunnel).
 */
export interface Stance {
  readonly grants: boolean;
  /** Of a granting rule. */
  readonly path: PathMode;
}

export interface Predicate {
  /** As the document calls it. */
  readonly name: string;
  /** A CONNECT says nothing about it; what an intercepted tunnel carries does. */
  readonly isHidden: boolean;
  test(match: PlanMatch, view: RequestView, principal: Principal, stance: Stance): Tri;
}

/** All predicates of a rule, those that a CONNECT shows first. The first two are known for every request; the host index stands for the second. */
export const PREDICATES: readonly Predicate[] = [
  shown('agent', (match, _view, principal) => testAgent(match, principal)),
  shown('destination.hosts', (match, view, _principal, stance) => testHost(match, view, stance)),
  shown('destination.ports', ({ ports }, view) => isIn(ports, view.request.port)),
  hidden('destination.schemes', testScheme),
  hidden('protocol.kind', (match, view, _principal, stance) => testKind(match, view, stance)),
  hidden('methods', testMethod),
  hidden('path_prefixes', (match, view, _principal, stance) => testPath(match, view, stance)),
  hidden('query.absent', testQuery),
  ...CALL_PREDICATES.map(([name, key, test]) => hidden(name, testCall(key, test))),
];
const VISIBLE = PREDICATES.filter(({ isHidden }) => !isHidden);

/** From the surest on: of several answers the first here is the one of them all. */
const SUREST: readonly Tri[] = ['no', 'unknown', 'unread', 'pending', 'yes'];

/** Three-valued AND: one `no` decides, else whatever nobody will ever know, else what is not known yet. */
export function testAll(match: PlanMatch, view: RequestView, principal: Principal, stance: Stance): Tri {
  let all: Tri = 'yes';
  for (const predicate of PREDICATES) {
    const result = predicate.test(match, view, principal, stance);
    if (result === 'no') return 'no';
    if (result !== 'yes' && SUREST.indexOf(result) < SUREST.indexOf(all)) all = result;
  }
  return all;
}

function shown(name: string, test: Predicate['test']): Predicate {
  return { name, test, isHidden: false };
}

function hidden(name: string, test: Predicate['test']): Predicate {
  return { name, test, isHidden: true };
}

/** Whether an intercepting rule covers this CONNECT: what is hidden now is judged inside, request by request. */
export function testVisible(
  match: PlanMatch,
  view: RequestView,
  principal: Principal,
  stance: Stance,
): boolean {
  return VISIBLE.every(({ test }) => test(match, view, principal, stance) === 'yes');
}

export function testAgent({ agent }: PlanMatch, principal: Principal): Tri {
  if (!agent) return 'yes';
  for (const key of AGENT_KEYS) if (agent.get(key)?.has(principal[key]) === false) return 'no';
  return 'yes';
}

function testHost({ hosts, anyHost }: PlanMatch, { request }: RequestView, { grants }: Stance): Tri {
  if (hosts) return known(hosts.exact.has(request.host) || isBelow(hosts.parents, request));
  // any_host grants names; an address is only reached by a rule that lists it.
  return known(!grants || (anyHost && request.host_kind === 'name'));
}

function isBelow(parents: ReadonlySet<string>, request: RequestView['request']): boolean {
  if (parents.size === 0 || request.host_kind !== 'name') return false;
  for (const parent of parentsOf(request.host)) if (parents.has(parent)) return true;
  return false;
}

/** Of `a.b.example`: `b.example`, `example`. */
export function* parentsOf(host: string): Generator<string> {
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) yield host.slice(dot + 1);
}

function testScheme({ schemes }: PlanMatch, { request, isTunnel }: RequestView): Tri {
  if (!schemes) return 'yes';
  if (!isTunnel) return known(schemes.has(request.scheme));
  return schemes.has('tcp') ? 'yes' : 'unknown';
}

function testKind({ kind }: PlanMatch, view: RequestView, { grants }: Stance): Tri {
  const { request, isTunnel } = view;
  if (!isTunnel && isOfAi(kind)) return testAiKind(kind, view);
  // Streams are HTTP requests as well, so that no header takes a request out of a rule about those. That an allow rule
  // has to name a WebSocket is asked afterwards.
  if (!isTunnel) return known(kind === undefined || kind === 'http' || kind === request.protocol);
  const isOfTunnels = kind === 'connect' || kind === 'tcp';
  if (grants) return isOfTunnels ? 'yes' : 'unknown';
  if (kind === 'websocket' || kind === 'grpc' || isOfAi(kind)) return 'unknown';
  // Whether the tunnel becomes one of `tcp` is asked when that is known.
  return known(kind !== 'http');
}

function testMethod({ methods }: PlanMatch, { request, isTunnel }: RequestView): Tri {
  if (!methods) return 'yes';
  if (isTunnel || request.method === undefined) return 'unknown';
  return isIn(methods, request.method);
}

function testPath({ pathPrefixes }: PlanMatch, view: RequestView, { grants, path: mode }: Stance): Tri {
  if (!pathPrefixes) return 'yes';
  const { path, path_normal, path_ambiguous } = view.request;
  if (view.isTunnel || path === undefined) return 'unknown';
  if (!grants) return known(view.readings.some((reading) => isUnder(pathPrefixes, reading)));
  if (mode === 'rewrite') return known(isUnder(pathPrefixes, path_normal ?? path));
  // Such a rule will not grant an ambiguous path; "would it have" decides only which denial is named.
  if (path_ambiguous && mode === 'deny_ambiguous') {
    return known(isUnder(pathPrefixes, path) || isUnder(pathPrefixes, path_normal ?? path));
  }
  return known(isUnder(pathPrefixes, path));
}

/** A prefix ends at a segment border: /v1 covers /v1 and /v1/x, not /v1x; /v1/ covers what is below. */
function isUnder(prefixes: readonly string[], path: string): boolean {
  for (const prefix of prefixes) {
    if (!path.startsWith(prefix)) continue;
    if (path.length === prefix.length || prefix.endsWith('/') || path.charAt(prefix.length) === '/')
      return true;
  }
  return false;
}

function testQuery({ queryAbsent }: PlanMatch, { request, isTunnel }: RequestView): Tri {
  if (!queryAbsent) return 'yes';
  if (isTunnel) return 'unknown';
  return known(!queryAbsent.some((name) => request.query_names.includes(name)));
}

function isIn<T>(set: ReadonlySet<T> | undefined, value: T): Tri {
  return known(set === undefined || set.has(value));
}

function known(holds: boolean): Tri {
  return holds ? 'yes' : 'no';
}
