import { parse as parseDomain } from 'tldts';
import type { PolicyDocument } from '../../gen/policy_document.ts';
import { isOfAi } from './ai_predicates.ts';
import { LINT_PAIRS_MAX } from './bounds.ts';
import { type Mistake, pointerOf, quoted, warning } from './mistakes.ts';
import { isOfConnects } from './opening.ts';
import { AGENT_KEYS, type PlanLimit, type PlanMatch, type PlanRule } from './plan.ts';
import { parentsOf } from './predicates.ts';

/** Allow rules that open other tunnels than somebody may think. `own` are the rules of the document, in its order. */
export function tunnelWarnings(document: PolicyDocument, own: readonly PlanRule[]): readonly Mistake[] {
  return [
    ...own.flatMap((rule) => withoutEffect(rule, document.rules[rule.index]?.tls)),
    ...interceptedAnyway(own),
    ...document.rules.flatMap(({ id, match }, index) => {
      const isOpaque = own[index]?.opens === 'passthrough';
      return isOpaque ? sharedHosts(id, index, match?.destination?.hosts) : [];
    }),
  ];
}

function withoutEffect(
  { id, index, match, opens }: PlanRule,
  tls: PolicyDocument['rules'][number]['tls'],
): readonly Mistake[] {
  if (tls === undefined || opens !== undefined) return [];
  const at = pointerOf('rules', index, 'tls');
  if (tls === 'intercept') {
    const message = `the rule ${quoted(id)} intercepts TLS, but its schemes leave out https`;
    return [warning('TLS_WITHOUT_EFFECT', at, message, 'add https to schemes, or remove tls')];
  }
  if (match.kind === undefined || match.kind === 'http' || isOfAi(match.kind)) return [];
  const message = `the rule ${quoted(id)} is about tunnels and opens none`;
  return [warning('TLS_WITHOUT_EFFECT', at, message, 'remove the rule, or tls')];
}

/** Intercept wins over an opaque tunnel, which surprises whoever wanted to leave a client with pinned keys alone. */
function interceptedAnyway(own: readonly PlanRule[]): readonly Mistake[] {
  const isLive = ({ enabled, shadow }: PlanRule) => enabled && !shadow;
  const byHost = new Map<string, PlanRule[]>();
  for (const rule of own) {
    if (rule.opens !== 'intercept' || !isLive(rule)) continue;
    for (const host of patternsOf(rule.match)) byHost.set(host, [...(byHost.get(host) ?? []), rule]);
  }
  const found: Mistake[] = [];
  if (byHost.size === 0) return found;
  let pairs = 0;
  for (const rule of own) {
    const isOpaque = rule.opens === 'passthrough' || rule.opens === 'raw';
    if (!isOpaque || !isLive(rule)) continue;
    for (const host of patternsOf(rule.match)) {
      const covering = [...aroundOf(host)].flatMap((wider) => byHost.get(wider) ?? []);
      pairs += covering.length + 1;
      if (pairs > LINT_PAIRS_MAX) return found;
      const other = covering.find((one) => canMeet(one.match, rule.match));
      if (other === undefined) continue;
      found.push(intercepted(rule, host, other));
      break;
    }
  }
  return found;
}

/** Other limits count what is inside, so nothing bounds how many intercepted CONNECTs, each with a receipt, are made. */
export function unlimitedConnects(
  own: readonly PlanRule[],
  limits: readonly PlanLimit[],
): readonly Mistake[] {
  const rule = own.find(({ enabled, shadow, opens }) => enabled && !shadow && opens === 'intercept');
  if (rule === undefined || limits.some(({ match }) => isOfConnects(match))) return [];
  const message = `the rule ${quoted(rule.id)} intercepts tunnels, and no limit counts CONNECTs`;
  const hint = 'add a limit with match: {protocol: {kind: connect}}; other limits count the requests inside';
  return [warning('CONNECTS_UNLIMITED', pointerOf('rules', rule.index, 'tls'), message, hint)];
}

const ANY_NAME = '*';

function patternsOf({ hosts, anyHost }: PlanMatch): readonly string[] {
  if (anyHost) return [ANY_NAME];
  return hosts ? [...hosts.exact, ...[...hosts.parents].map((parent) => `*.${parent}`)] : [];
}

/** Patterns that cover all of this one. */
function* aroundOf(host: string): Generator<string> {
  yield host;
  if (host === ANY_NAME) return;
  for (const parent of parentsOf(host.replace(/^\*\./, ''))) yield `*.${parent}`;
  if (!host.includes(':') && !/\.[0-9]+$/.test(host)) yield ANY_NAME;
}

function canMeet(a: PlanMatch, b: PlanMatch): boolean {
  return (
    AGENT_KEYS.every((key) => overlap(a.agent?.get(key), b.agent?.get(key))) && overlap(a.ports, b.ports)
  );
}

function overlap<T>(a: ReadonlySet<T> | undefined, b: ReadonlySet<T> | undefined): boolean {
  if (!a || !b) return true;
  for (const value of a) if (b.has(value)) return true;
  return false;
}

function intercepted({ id, index, opens }: PlanRule, host: string, other: PlanRule): Mistake {
  const where = host === ANY_NAME ? 'any host' : quoted(host);
  const what = opens === 'raw' ? 'raw' : 'opaque';
  const message = `the rule ${quoted(id)} opens ${what} tunnels to ${where}, which ${quoted(other.id)} intercepts`;
  const hint = 'intercept wins; let the two differ in hosts, ports or agents';
  return warning('TUNNEL_INTERCEPTED', pointerOf('rules', index), message, hint);
}

/** On a shared platform the SNI says little: behind it the Host header of another customer may be asked for. */
function sharedHosts(id: string, index: number, hosts: readonly string[] = []): readonly Mistake[] {
  return hosts.flatMap((host, i) => {
    const { isPrivate, publicSuffix } = parseDomain(host.replace(/^\*\./, ''), { allowPrivateDomains: true });
    if (!isPrivate || publicSuffix === null) return [];
    const at = pointerOf('rules', index, 'match', 'destination', 'hosts', i);
    const message = `the rule ${quoted(id)} passes TLS through to ${quoted(host)}, a customer of the shared platform ${publicSuffix}`;
    const hint =
      'whoever speaks TLS there can ask for other customers in the Host header; write tls: intercept';
    return [warning('PASSTHROUGH_SHARED', at, message, hint)];
  });
}
