import type { Principal } from '../../../../src/core/identity/principal.ts';
import type { EgressRequest } from '../../../../src/core/request/egress_request.ts';
import type { BodySchema, Match, PolicyDocument, Rule } from '../../../../src/gen/policy_document.ts';
import { naiveAsked, naiveBroken, naiveCall, naiveProblem } from './naive_body.ts';
import { naiveOpening, naiveTouchesTunnel, naiveTunnel, type Opening, onlyConnects } from './naive_tunnel.ts';

/** A second evaluator, written from the policy reference: no index, no sets, every rule tried in turn. */
export interface NaiveOutcome {
  readonly verdict: string;
  readonly reason: string;
  readonly rule_id?: string;
  readonly path?: string;
  readonly tunnel?: string;
  readonly stream?: object;
  readonly inspect?: { schemas: string[]; on_oversize: string; [key: string]: unknown };
  readonly response?: object;
}

/** 1 holds, 0 does not, 0.5 cannot be known, 0.6 cannot be read, 0.8 the body will say: AND is the minimum. */
type Truth = 0 | 0.5 | 0.6 | 0.8 | 1;

export function naiveLive(document: PolicyDocument, request: EgressRequest, who: Principal): NaiveOutcome {
  return outcome(
    document.rules.filter((rule) => !rule.shadow),
    request,
    who,
    document.schemas,
  );
}

export function naiveShadow(document: PolicyDocument, request: EgressRequest, who: Principal): NaiveOutcome {
  return outcome(document.rules, request, who, document.schemas);
}

/** Whether an alert or a log waits for the body. */
export function naiveIsWatched({ rules }: PolicyDocument, request: EgressRequest, who: Principal): boolean {
  if (request.protocol === 'connect') return false;
  const watching = active(rules).filter(({ action }) => action === 'alert' || action === 'log_only');
  return watching.some(({ match = {} }) => strongest(match, request, who) === 0.8);
}

export function naiveObservers(
  document: PolicyDocument,
  request: EgressRequest,
  who: Principal,
  opening: Opening = openingOf(document.rules, request, who),
): string[] {
  const observing = active(document.rules).filter(
    ({ action }) => action === 'alert' || action === 'log_only',
  );
  return observing
    .filter(({ match = {} }) => touches(match, request, who, opening))
    .map(({ id }) => id)
    .sort();
}

function openingOf(rules: readonly Rule[], request: EgressRequest, who: Principal): Opening {
  const live = active(rules).filter(({ action, shadow }) => action === 'allow' && !shadow);
  return request.protocol === 'connect' ? naiveOpening({ layers: [live] }, request, who) : 'none';
}

export function naiveLimits(
  document: PolicyDocument,
  request: EgressRequest,
  who: Principal,
  opening: Opening,
): string[] {
  const isCounted = (match: Match) =>
    (opening !== 'intercept' || onlyConnects(match)) && touches(match, request, who, opening);
  return (document.limits ?? []).filter(({ match = {} }) => isCounted(match)).map(({ id }) => id);
}

function outcome(
  all: readonly Rule[],
  request: EgressRequest,
  who: Principal,
  schemas: readonly BodySchema[] = [],
): NaiveOutcome {
  const rules = active(all);
  const denies = rules.filter(({ action }) => action === 'deny');
  const allows = rules.filter(({ action }) => action === 'allow');
  if (request.protocol === 'connect') return naiveTunnel({ denies, layers: [allows] }, request, who);
  const hidden = overridden(request);
  const sure = denies.filter(({ match = {} }) => truth(match, request, who) === 1);
  if (sure.length > 0) return named('deny', 'POLICY_DENY', sure);
  const isDodged = ({ match = {} }: Rule) => hidden && truth(match, request, who) === 0;
  const dodged = denies.filter(
    (rule) => isDodged(rule) && ![0, 0.8].includes(strongest(rule.match ?? {}, request, who)),
  );
  if (dodged.length > 0) return named('deny', 'OVERRIDE_HEADER', dodged);
  const maybe = denies.filter(({ match = {} }) => truth(match, request, who) === 0.5);
  if (maybe.length > 0) return named('deny', 'TUNNEL_OPAQUE', maybe);
  const unreadable = request.body?.problem ? naiveProblem(request.body.problem.code) : 'AI_UNREADABLE';
  const unread = denies.filter(({ match = {} }) => truth(match, request, who) === 0.6);
  if (unread.length > 0) return named('deny', unreadable, unread);
  const waiting = denies.filter(({ match = {} }) => strongest(match, request, who) === 0.8);

  const judged = allows.map((rule) => ({ rule, truth: allowTruth(rule, request, who) }));
  const full = judged.filter((one) => one.truth > 0.5).map(({ rule }) => rule);
  const clear = full.filter(
    (rule) => !request.path_ambiguous || (rule.path ?? 'deny_ambiguous') !== 'deny_ambiguous',
  );
  const unhidden = clear.filter((rule) => !(hidden && restricted(rule.match ?? {})));
  const fitting = unhidden.filter(
    ({ match }) => request.protocol !== 'websocket' || kindOf(match) === 'websocket',
  );
  const mute = fitting.filter((rule) => allowTruth(rule, request, who) === 0.6);
  const granting = fitting.filter((rule) => !mute.includes(rule));
  if (granting.length > 0) {
    // A rule of which nobody knows whether it matches asks for what it asks.
    const some = judged.filter((one) => one.truth > 0).map(({ rule }) => rule);
    const chosen = { ...named('allow', 'POLICY_ALLOW', granting), ...naiveStream(some) };
    const pending = granting.filter((rule) => allowTruth(rule, request, who) === 0.8);
    const isRead = waiting.length + pending.length + mute.length > 0;
    const asked = naiveAsked(some, isRead, pending, schemas);
    const path = granting.some(({ path }) => path === 'rewrite') ? 'rewrite' : 'raw';
    return byBody(request.path_ambiguous ? { ...chosen, path } : chosen, asked, request);
  }
  const ambiguous = full.filter((rule) => !clear.includes(rule));
  if (ambiguous.length > 0) return named('deny', 'PATH_AMBIGUOUS', ambiguous);
  const overridden_ones = clear.filter((rule) => !unhidden.includes(rule));
  if (overridden_ones.length > 0) return named('deny', 'OVERRIDE_HEADER', overridden_ones);
  const blind = judged.filter((one) => one.truth === 0.5).map(({ rule }) => rule);
  if (blind.length > 0) return named('deny', 'TUNNEL_OPAQUE', blind);
  const upgraded = unhidden.filter((rule) => !fitting.includes(rule));
  if (upgraded.length > 0) return named('deny', 'UPGRADE_NOT_ALLOWED', upgraded);
  if (mute.length > 0) return named('deny', unreadable, mute);
  return { verdict: 'deny', reason: 'POLICY_NO_MATCH' };
}

function byBody(
  chosen: NaiveOutcome,
  { request: asked, response }: ReturnType<typeof naiveAsked>,
  request: EgressRequest,
): NaiveOutcome {
  const broken = naiveBroken(asked, request);
  if (broken !== undefined && broken !== 'again') {
    return { verdict: 'deny', reason: broken, ...(chosen.rule_id ? { rule_id: chosen.rule_id } : {}) };
  }
  const nothing = { format: 'any', schemas: [], max_bytes: 2 ** 24, on_oversize: 'deny', ai: true };
  if (broken === 'again') return { ...chosen, inspect: asked ?? nothing };
  if (request.body === undefined && asked !== undefined) return { ...chosen, inspect: asked };
  // The answer is read on the same way that bodies are read on.
  const free = { format: 'any', schemas: [], max_bytes: 2 ** 24, on_oversize: 'scan_prefix' };
  if (request.body === undefined && response !== undefined) return { ...chosen, inspect: free };
  return response === undefined ? chosen : { ...chosen, response };
}

/** Caps of all these rules together. Each cap is a list of what was said, of which the least is kept. */
export function naiveStream(rules: readonly Rule[]): { stream?: object } {
  const said = rules.flatMap(({ stream, frames }) => (stream || frames ? [{ ...stream, frames }] : []));
  if (said.length === 0) return {};
  const least = (name: 'max_bytes' | 'max_seconds' | 'max_message_bytes') => {
    const values = said.map((one) => one[name]).filter((value) => value !== undefined);
    return values.length === 0 ? [] : [[name, values.sort((a, b) => a - b)[0]]];
  };
  const modes = ['block', 'observe'].filter((mode) => said.some(({ frames }) => frames === mode));
  const caps = [...least('max_bytes'), ...least('max_seconds'), ...least('max_message_bytes')];
  return { stream: Object.fromEntries([...caps, ...modes.slice(0, 1).map((mode) => ['frames', mode])]) };
}

function kindOf(match: Match | undefined): string | undefined {
  return match?.protocol?.kind;
}

/** Every request that is no CONNECT is HTTP; some are more than that. */
function isOfKind(match: Match, { protocol }: EgressRequest): boolean {
  return [undefined, 'http', 'llm', 'mcp', 'a2a', protocol].includes(kindOf(match));
}

function named(verdict: string, reason: string, rules: readonly Rule[]): NaiveOutcome {
  const top = Math.max(...rules.map(({ priority = 0 }) => priority));
  const [rule_id = ''] = rules
    .filter(({ priority = 0 }) => priority === top)
    .map(({ id }) => id)
    .sort();
  return { verdict, reason, rule_id };
}

function active(rules: readonly Rule[]): readonly Rule[] {
  return rules.filter(({ enabled }) => enabled !== false);
}

function overridden({ protocol, override_headers, query_names }: EgressRequest): boolean {
  return protocol !== 'connect' && (override_headers.length > 0 || query_names.includes('_method'));
}

function restricted({ methods, path_prefixes }: Match): boolean {
  return methods !== undefined || path_prefixes !== undefined;
}

function touches(match: Match, request: EgressRequest, who: Principal, opening: Opening): boolean {
  if (request.protocol === 'connect') return naiveTouchesTunnel(match, request, who, opening);
  return strongest(match, request, who) > 0;
}

/** As a deny rule reads it, which no override takes in. */
function strongest(match: Match, request: EgressRequest, who: Principal): Truth {
  const seen = truth(match, request, who);
  if (seen > 0 || !overridden(request) || !restricted(match)) return seen;
  const { methods: _m, path_prefixes: _p, ...rest } = match;
  return truth(rest, request, who);
}

/** As a deny rule reads it. */
function truth(match: Match, request: EgressRequest, who: Principal): Truth {
  const { destination: d, path_prefixes } = match;
  const kind = isOfKind(match, request);
  const hosts = d?.hosts === undefined || d.hosts.some((pattern) => hostMatches(pattern, request));
  const readings = [request.path ?? '', request.path_normal ?? '', bare(request.path_normal ?? '')];
  const path =
    request.path === undefined ? 0.5 : readings.some((r) => path_prefixes?.some((p) => under(p, r))) ? 1 : 0;
  return Math.min(rest(match, request, who), kind ? 1 : 0, hosts ? 1 : 0, path_prefixes ? path : 1) as Truth;
}

function allowTruth(
  { match = {}, path = 'deny_ambiguous' }: Rule,
  request: EgressRequest,
  who: Principal,
): Truth {
  const { destination: d, path_prefixes } = match;
  const hosts = d?.hosts ? d.hosts.some((p) => hostMatches(p, request)) : request.host_kind === 'name';
  const kind = isOfKind(match, request) ? 1 : 0;
  const raw = request.path ?? '';
  const normal = request.path_normal ?? '';
  const judged = { raw: [raw], rewrite: [normal], deny_ambiguous: [raw, normal] }[path];
  const seen =
    request.path === undefined ? 0.5 : judged.some((r) => path_prefixes?.some((p) => under(p, r))) ? 1 : 0;
  return Math.min(rest(match, request, who), kind, hosts ? 1 : 0, path_prefixes ? seen : 1) as Truth;
}

function rest(match: Match, request: EgressRequest, who: Principal): number {
  const { agent = {}, destination: d, methods, query } = match;
  const ids = Object.entries(agent).every(([key, ids]) =>
    (ids as string[]).includes(String(who[key as keyof Principal])),
  );
  const port = d?.ports === undefined || d.ports.includes(request.port);
  const scheme = d?.schemes === undefined || d.schemes.includes(request.scheme);
  const method = !methods ? 1 : request.method === undefined ? 0.5 : methods.includes(request.method) ? 1 : 0;
  const names = !query?.absent.some((name) => request.query_names.includes(name));
  return Math.min(
    naiveCall(match, request),
    ids ? 1 : 0,
    port ? 1 : 0,
    scheme ? 1 : 0,
    method,
    names ? 1 : 0,
  );
}

function hostMatches(pattern: string, { host, host_kind }: EgressRequest): boolean {
  if (!pattern.startsWith('*')) return pattern === host;
  return host_kind === 'name' && host.endsWith(pattern.slice(1));
}

function under(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

/** Without `;parameters`, and without the empty segments that this leaves. */
function bare(path: string): string {
  const segments = path.split('/').map((segment) => segment.split(';')[0] ?? '');
  const last = segments.length - 1;
  return segments.filter((segment, i) => segment !== '' || i === 0 || i === last).join('/') || '/';
}
