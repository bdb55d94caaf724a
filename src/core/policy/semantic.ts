import type {
  DocumentTest,
  Exception,
  Limit,
  Match,
  PolicyDocument,
  Rule,
} from '../../gen/policy_document.ts';
import { timestampMs } from '../receipt/timestamp.ts';
import { normalisePath } from '../request/path.ts';
import { modeMistakes } from './beyond_limit.ts';
import { HOSTS_MAX } from './bounds.ts';
import { countedMistakes } from './budget_mistakes.ts';
import { callMistakes } from './call_mistakes.ts';
import { bodySchemaMistakes, contractMistakes, unknownSchema } from './contract_mistakes.ts';
import { parseHostPattern } from './hosts.ts';
import { type Mistake, mistake, pointerOf, quoted, shown } from './mistakes.ts';
import { sampleMistakes } from './sample_mistakes.ts';
import { streamMistakes } from './stream_mistakes.ts';

/** What the schema cannot say. The document is of the schema's shape. */
export function semanticMistakes(document: PolicyDocument): readonly Mistake[] {
  const limits = document.limits ?? [];
  const tests = document.tests ?? [];
  const exceptions = document.exceptions ?? [];
  const schemas = (document.schemas ?? []).map(({ id }) => id);
  return [
    ...duplicateIds(document.rules, limits),
    ...duplicateNames(tests),
    ...duplicateExceptions(exceptions),
    ...duplicateSchemas(document),
    ...bodySchemaMistakes(document),
    ...tooManyHosts(document),
    ...document.rules.flatMap((rule, i) => ruleMistakes(rule, i, schemas)),
    ...limits.flatMap(limitMistakes),
    ...exceptions.flatMap(exceptionMistakes),
    ...tests.flatMap(({ request }, i) => sampleMistakes(request, pointerOf('tests', i, 'request'))),
    ...tests.flatMap(({ request: { body } }, i) =>
      (body?.valid ?? []).flatMap((id, j) =>
        unknownSchema(id, pointerOf('tests', i, 'request', 'body', 'valid', j), schemas),
      ),
    ),
  ];
}

/** Rules and limits share one name space, because a receipt's rule_id names either. */
function duplicateIds(rules: readonly Rule[], limits: readonly Limit[]): Mistake[] {
  const places = [
    ...rules.map(({ id }, i) => ({ id, pointer: pointerOf('rules', i, 'id') })),
    ...limits.map(({ id }, i) => ({ id, pointer: pointerOf('limits', i, 'id') })),
  ];
  return duplicates(places, 'DUPLICATE_ID', 'ids are unique among rules and limits');
}

function duplicateNames(tests: readonly DocumentTest[]): Mistake[] {
  const places = tests.map(({ name }, i) => ({ id: name, pointer: pointerOf('tests', i, 'name') }));
  return duplicates(places, 'DUPLICATE_NAME', 'names of tests are unique');
}

function duplicateExceptions(exceptions: readonly Exception[]): Mistake[] {
  const places = exceptions.map(({ id }, i) => ({ id, pointer: pointerOf('exceptions', i, 'id') }));
  return duplicates(places, 'DUPLICATE_ID', 'ids are unique among exceptions');
}

function duplicateSchemas({ schemas = [] }: PolicyDocument): Mistake[] {
  const places = schemas.map(({ id }, i) => ({ id, pointer: pointerOf('schemas', i, 'id') }));
  return duplicates(places, 'DUPLICATE_ID', 'ids are unique among schemas');
}

function duplicates(
  places: readonly { id: string; pointer: string }[],
  code: string,
  hint: string,
): Mistake[] {
  const first = new Map<string, string>();
  return places.flatMap(({ id, pointer }) => {
    const earlier = first.get(id);
    if (earlier !== undefined)
      return [mistake(code, pointer, `${shown(id)} is already used at ${earlier}`, hint)];
    first.set(id, pointer);
    return [];
  });
}

function tooManyHosts({ rules, limits = [], exceptions = [] }: PolicyDocument): Mistake[] {
  let count = 0;
  for (const { match } of [...rules, ...limits, ...exceptions])
    count += match?.destination?.hosts?.length ?? 0;
  return count <= HOSTS_MAX
    ? []
    : [mistake('TOO_MANY', '/rules', `found ${count} hosts in all`, `at most ${HOSTS_MAX} are allowed`)];
}

function ruleMistakes(rule: Rule, index: number, schemas: readonly string[]): Mistake[] {
  const at = pointerOf('rules', index);
  const found = matchMistakes(rule.match ?? {}, `${at}/match`, rule.path === 'raw');
  const isAllow = rule.action === 'allow';
  found.push(...callMistakes(rule.match ?? {}, `${at}/match`, isAllow));
  if (isAllow) found.push(...missingHost(rule.match, at, `the allow rule ${quoted(rule.id)}`));
  if (!isAllow && rule.path !== undefined) {
    const hint = 'remove path; other rules look at the raw and at the normalised path';
    found.push(mistake('PATH_MODE_UNUSED', `${at}/path`, `path on the action ${rule.action}`, hint));
  }
  found.push(...tlsMistakes(rule, at), ...streamMistakes(rule, at), ...contractMistakes(rule, at, schemas));
  if (rule.shadow && (rule.action === 'alert' || rule.action === 'log_only')) {
    const hint = 'remove shadow; a rule that only observes changes no verdict anyway';
    found.push(mistake('SHADOW_UNUSED', `${at}/shadow`, `shadow on the action ${rule.action}`, hint));
  }
  return found;
}

const OF_REQUESTS: readonly (string | undefined)[] = [
  undefined,
  ...['http', 'websocket', 'grpc', 'llm', 'mcp', 'a2a'],
];

function tlsMistakes({ tls, action, match }: Rule, at: string): Mistake[] {
  if (tls === undefined) return [];
  const refuse = (message: string, hint: string) => [mistake('TLS_MODE_UNUSED', `${at}/tls`, message, hint)];
  if (action !== 'allow')
    return refuse(`tls on the action ${action}`, 'remove tls; only allow rules open tunnels');
  const kind = match?.protocol?.kind;
  if (tls === 'intercept' && !OF_REQUESTS.includes(kind)) {
    return refuse(
      `tls: intercept beside kind: ${kind}`,
      'what is intercepted is judged as requests; remove the kind',
    );
  }
  if (tls === 'passthrough' && kind !== 'connect') {
    const hint = 'write match.protocol: {kind: connect}, and a rule of its own for requests that are seen';
    return refuse(`tls: passthrough beside ${kind === undefined ? 'no kind' : `kind: ${kind}`}`, hint);
  }
  return [];
}

function missingHost(match: Match | undefined, at: string, who: string): Mistake[] {
  if (match?.destination?.hosts || match?.destination?.any_host) return [];
  const hint = 'add match.destination.hosts, or any_host: true when every host is meant';
  return [mistake('HOST_MISSING', at, `${who} names no host`, hint)];
}

function exceptionMistakes(exception: Exception, index: number): Mistake[] {
  const at = pointerOf('exceptions', index);
  const found = matchMistakes(exception.match, `${at}/match`, false);
  found.push(...callMistakes(exception.match, `${at}/match`, true));
  found.push(...missingHost(exception.match, at, `the exception ${quoted(exception.id)}`));
  if (expiryMs(exception.expires) === undefined) {
    const message = `found ${shown(exception.expires)}, which is no moment of the calendar`;
    found.push(
      mistake('EXPIRES_INVALID', `${at}/expires`, message, 'write one such as 2026-12-31T00:00:00Z'),
    );
  }
  return found;
}

/** Milliseconds since 1970. */
export function expiryMs(expires: string): number | undefined {
  return timestampMs(expires.replace('Z', '.000Z'));
}

function limitMistakes(limit: Limit, index: number): Mistake[] {
  const at = pointerOf('limits', index);
  const found = matchMistakes(limit.match ?? {}, `${at}/match`, false);
  found.push(...callMistakes(limit.match ?? {}, `${at}/match`, false));
  found.push(...countedMistakes(limit, at), ...modeMistakes(limit, at));
  return found;
}

function matchMistakes(match: Match, at: string, isRaw: boolean): Mistake[] {
  const { destination, methods = [], path_prefixes = [] } = match;
  const found: Mistake[] = [];
  if (destination?.hosts && destination.any_host) {
    const pointer = `${at}/destination/any_host`;
    found.push(mistake('ANY_HOST_AND_HOSTS', pointer, 'any_host stands beside hosts', 'keep one of them'));
  }
  for (const [i, host] of (destination?.hosts ?? []).entries()) {
    const pattern = parseHostPattern(host);
    if (pattern.ok) continue;
    const { code, message, hint } = pattern.problem;
    found.push(mistake(code, `${at}/destination/hosts/${i}`, message, hint));
  }
  for (const [i, method] of methods.entries()) {
    if (method !== 'CONNECT') continue;
    const hint = 'a tunnel shows no method; write protocol: {kind: connect}';
    found.push(mistake('METHOD_CONNECT', `${at}/methods/${i}`, 'found the method "CONNECT"', hint));
  }
  for (const [i, prefix] of path_prefixes.entries()) {
    const wrong = prefixMistake(prefix, isRaw);
    if (wrong)
      found.push(mistake('PATH_PREFIX_INVALID', `${at}/path_prefixes/${i}`, wrong.message, wrong.hint));
  }
  return found;
}

function prefixMistake(prefix: string, isRaw: boolean): { message: string; hint: string } | undefined {
  const message = `found the prefix ${shown(prefix)}`;
  if (/[?#]/.test(prefix)) return { message, hint: 'a path ends before ? and #' };
  const normal = normalisePath(prefix);
  if (isRaw || normal === prefix) return undefined;
  return { message, hint: `only path: raw can match it; write ${quoted(normal)}` };
}
