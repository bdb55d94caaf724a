import type { Principal } from '../../../../src/core/identity/principal.ts';
import type { EgressRequest } from '../../../../src/core/request/egress_request.ts';
import type { Exception, Match, Rule } from '../../../../src/gen/policy_document.ts';

/** A second evaluator of CONNECTs, written from the policy reference: first what would open, then who is against it. */
export interface TunnelCase {
  readonly denies: readonly Rule[];
  /** Enabled allow rules: of the document, then of each ceiling. */
  readonly layers: readonly (readonly Rule[])[];
  /** Those that have not run out. */
  readonly exceptions?: readonly Exception[];
}

export type Opening = 'intercept' | 'passthrough' | 'raw' | 'none';

interface Outcome {
  readonly verdict: string;
  readonly reason: string;
  readonly rule_id?: string;
  readonly tunnel?: string;
}

const ORDER = ['intercept', 'passthrough', 'raw'] as const;

export function naiveTunnel(asked: TunnelCase, request: EgressRequest, who: Principal): Outcome {
  const opening = naiveOpening(asked, request, who);
  const against = asked.denies.filter(
    (rule) =>
      naiveTouchesTunnel(rule.match ?? {}, request, who, opening) &&
      !(asked.exceptions ?? []).some((one) => lifts(one, rule, request, who, opening)),
  );
  const sure = against.filter(({ match = {} }) => !hides(match));
  if (sure.length > 0) return named('deny', 'POLICY_DENY', sure);
  if (against.length > 0) return named('deny', 'TUNNEL_OPAQUE', against);

  for (const [i, rules] of asked.layers.entries()) {
    if (rules.some((rule) => opens(rule, request, who) !== undefined)) continue;
    const near = rules.filter(({ match = {} }) => grantsPlace(match, request, who));
    if (near.length > 0) return named('deny', 'TUNNEL_OPAQUE', near);
    return { verdict: 'deny', reason: i === 0 ? 'POLICY_NO_MATCH' : 'POLICY_CEILING' };
  }
  const own = asked.layers[0] ?? [];
  const best = ORDER.find((tunnel) => own.some((rule) => opens(rule, request, who) === tunnel));
  const opening_rules = own.filter((rule) => opens(rule, request, who) === best);
  if (opening === 'none') return named('deny', 'TUNNEL_OPAQUE', opening_rules);
  return { ...named('allow', 'POLICY_ALLOW', opening_rules), tunnel: opening };
}

export function naiveOpening(
  { layers }: Pick<TunnelCase, 'layers'>,
  request: EgressRequest,
  who: Principal,
): Opening {
  const opened = layers.map((rules) => new Set(rules.map((rule) => opens(rule, request, who))));
  if (opened.some((one) => ORDER.every((tunnel) => !one.has(tunnel)))) return 'none';
  const tightest = ORDER.find((tunnel) => opened.some((one) => one.has(tunnel))) ?? 'none';
  // No TLS came, and only raw tunnels carry other bytes.
  const isOther = request.mode === 'transparent' && request.sni === undefined;
  return isOther && tightest !== 'raw' ? 'none' : tightest;
}

/** What a rule that is about to deny, observe or count says to a CONNECT that would open like this. */
export function naiveTouchesTunnel(
  match: Match,
  request: EgressRequest,
  who: Principal,
  opening: Opening,
): boolean {
  const kind = match.protocol?.kind;
  if (!place(match, request, who) || kind === 'http') return false;
  if (kind === 'tcp') return opening === 'raw';
  if (onlyConnects(match)) return true;
  return opening !== 'intercept' || !hides(match);
}

/** Never true of a request inside an intercepted tunnel, whatever it is. */
export function onlyConnects({ protocol, destination }: Match): boolean {
  const schemes: readonly string[] = destination?.schemes ?? ['https'];
  return protocol?.kind === 'connect' || (schemes.includes('tcp') && !schemes.includes('https'));
}

function opens({ match = {}, tls }: Rule, request: EgressRequest, who: Principal): Opening | undefined {
  const kind = match.protocol?.kind;
  if (tls === 'deny' || !grantsPlace(match, request, who)) return undefined;
  if (kind === 'connect' || kind === 'tcp') {
    return hides(match) ? undefined : kind === 'tcp' ? 'raw' : 'passthrough';
  }
  return tls === 'intercept' && seesHttps(match) ? 'intercept' : undefined;
}

function lifts(
  { to, match }: Exception,
  denied: Rule,
  request: EgressRequest,
  who: Principal,
  opening: Opening,
): boolean {
  if (to !== denied.id || !grantsPlace(match, request, who)) return false;
  const kind = match.protocol?.kind;
  if (kind === 'connect') return !hides(match) && opening !== 'raw';
  if (kind === 'tcp') return !hides(match) && opening === 'raw';
  return opening === 'intercept' && !onlyConnects(denied.match ?? {}) && seesHttps(match);
}

function seesHttps({ destination }: Match): boolean {
  return destination?.schemes === undefined || destination.schemes.includes('https');
}

/** Asks for something that nobody sees from outside a tunnel. */
function hides({ methods, path_prefixes, query, destination, protocol }: Match): boolean {
  const scheme = destination?.schemes !== undefined && !destination.schemes.includes('tcp');
  const isOfStreams = ['websocket', 'grpc', 'llm', 'mcp', 'a2a'].includes(protocol?.kind ?? '');
  return scheme || isOfStreams || methods !== undefined || path_prefixes !== undefined || query !== undefined;
}

function grantsPlace(match: Match, request: EgressRequest, who: Principal): boolean {
  const isNamed = match.destination?.hosts !== undefined || request.host_kind === 'name';
  return isNamed && place(match, request, who);
}

function place({ agent = {}, destination: d }: Match, request: EgressRequest, who: Principal): boolean {
  const { host, host_kind, port } = request;
  const ids = Object.entries(agent).every(([key, list]) =>
    (list as string[]).includes(String(who[key as keyof Principal])),
  );
  const isHost = (pattern: string) =>
    pattern.startsWith('*') ? host_kind === 'name' && host.endsWith(pattern.slice(1)) : pattern === host;
  return ids && (d?.hosts?.some(isHost) ?? true) && (d?.ports?.includes(port) ?? true);
}

function named(verdict: string, reason: string, rules: readonly Rule[]): Outcome {
  const sorted = [...rules].sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0) || (a.id < b.id ? -1 : 1));
  return { verdict, reason, rule_id: sorted[0]?.id ?? '' };
}
