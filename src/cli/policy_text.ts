import type { LimitDemand, PolicyProblem, RuleOutcome } from '../core/policy/compiled.ts';
import type { Explanation, RuleExplanation } from '../core/policy/explain.ts';
import { formatProblem } from '../core/policy/mistakes.ts';
import { responseText } from '../core/policy/response_text.ts';
import { streamText } from '../core/policy/stream_demands.ts';
import { bodyRows } from './inspection_text.ts';

const STANDS: Readonly<Record<RuleExplanation['stand'], string>> = {
  denies: 'denies',
  denies_override: 'denies: behind an override header the method and path prove nothing',
  denies_opaque: 'denies: it may match what the tunnel hides',
  denies_unread: 'denies: it may match a call that cannot be read for certain',
  denies_pending: 'may deny: the body will say',
  allows: 'allows',
  allows_pending: 'may allow: the body will say',
  stopped_by_path: 'would allow, but the path can be read in two ways',
  stopped_by_override: 'would allow, but the request carries a method or URL override',
  stopped_by_upgrade: 'would allow a plain request, but no WebSocket',
  stopped_by_tunnel: 'would allow, but it asks for something that is hidden here',
  stopped_by_unread: 'would allow such a call, but this one cannot be read for certain',
  observes: 'observes',
  silent: 'does not match',
  excepted: 'would deny, but an exception takes the request out',
  judged_inside: 'may deny requests inside the tunnel, each judged by itself',
  grants_nothing: 'is inherited: it would allow its own document, and grants nothing here',
};

const NEXT_STEPS: Readonly<Record<RuleOutcome['reason'], string | undefined>> = {
  POLICY_ALLOW: undefined,
  POLICY_DENY: 'deny beats allow: narrow the deny rule if this request should pass',
  POLICY_NO_MATCH: 'add an allow rule for this agent and destination',
  POLICY_CEILING: 'a parent is a ceiling: its own rules have to allow the request, too',
  TUNNEL_OPAQUE:
    'write tls: intercept on the allow rule, so that requests inside are judged; or add a rule with protocol: {kind: connect} and no methods, path or query',
  PATH_AMBIGUOUS: 'send the normalised path, or set path: rewrite or path: raw on the allow rule',
  UPGRADE_NOT_ALLOWED: 'add an allow rule with protocol: {kind: websocket}',
  OVERRIDE_HEADER: 'leave out the override header or the _method parameter',
  PRICE_UNKNOWN:
    'a budget counts the call and nobody knows its price: name a model of the price list, or write unknown_price: alert',
  AI_UNREADABLE: 'receipts say in request.body.ai why the call cannot be read',
  BODY_INVALID: 'send JSON as the contract of the rule asks for it, or allow repair: once',
  BODY_TOO_LARGE: 'raise request.max_bytes of every matching rule, or write on_oversize: stream',
  BODY_TYPE_REFUSED: 'send an identity-encoded body in UTF-8 with the content-type of the contract',
  SCHEMA_INVALID: 'receipts say in request.body.schemas where the body does not fit',
  RECORD_TOO_LARGE: 'matching rules together ask for more schemas, pointers or tools than a receipt holds',
};

const TUNNELS: Readonly<Record<NonNullable<RuleOutcome['tunnel']>, string>> = {
  intercept: 'the tunnel is intercepted: each request inside is judged',
  passthrough: 'the tunnel carries TLS for this name only, unseen',
  raw: 'the tunnel carries any bytes, unseen',
};

/** One line for each problem and a last line that counts them. */
export function problemLines(file: string, problems: readonly PolicyProblem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  const lines = problems.map((problem) => `${formatProblem(problem)}\n`).join('');
  return `${lines}${file}: ${count(errors, 'error')}, ${count(warnings, 'warning')}\n`;
}

export function testLines(names: readonly string[]): string {
  if (names.length === 0) return 'the document has no tests\n';
  return `${names.map((name) => `ok  ${name}\n`).join('')}${count(names.length, 'test')} passed\n`;
}

export function explanationText(explanation: Explanation, all: boolean): string {
  const { rules, outcome, policy_id, policy_hash } = explanation;
  const shown = all ? rules : rules.filter(isNear);
  const hidden = rules.length - shown.length;
  return [
    `${outcomeText(outcome)}  (policy ${policy_id}, ${policy_hash.slice(0, 19)}…)`,
    `  ${requestText(explanation.request)}`,
    ...bodyLines(explanation),
    ...noteLines(explanation),
    ...shown.flatMap(ruleLines),
    ...(hidden === 0
      ? []
      : ['', `${count(hidden, 'rule')} for other agents or hosts not shown (--all shows them)`]),
    ...limitLines(explanation),
    '',
  ].join('\n');
}

function bodyLines({ body }: Explanation): readonly string[] {
  if (body === undefined) return [];
  return bodyRows({ body }).map(([name, value]) => `  ${name}: ${value}`);
}

function outcomeText(outcome: RuleOutcome): string {
  const { verdict, reason, rule_id, tunnel, stream, inspect, response } = outcome;
  const opens = tunnel === undefined ? '' : ` (${TUNNELS[tunnel]})`;
  const caps = stream === undefined ? '' : ` (stream: ${streamText(stream)})`;
  const asked = response === undefined ? '' : ` (answer: ${responseText(response)})`;
  const by = rule_id === undefined ? '' : ` by rule ${rule_id}`;
  // Only a body that was looked at makes an allow of it.
  if (inspect !== undefined)
    return `the body decides, allow${by} at best (request: ${JSON.stringify(inspect)})`;
  return `${verdict} ${reason}${by}${opens}${caps}${asked}`;
}

function requestText({
  protocol,
  method,
  scheme,
  host,
  port,
  path,
  path_normal,
  original_destination,
}: Explanation['request']): string {
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const dialled =
    original_destination === undefined ? '' : `  (transparent, dialled ${original_destination})`;
  if (protocol === 'connect') return `CONNECT ${authority}${dialled}`;
  const what = protocol === 'http' ? '' : `  (${protocol})`;
  const normal = path_normal === undefined ? '' : `  (normalised: ${path_normal})`;
  return `${method ?? '?'} ${scheme}://${authority}${path ?? ''}${normal}${what}${dialled}`;
}

function noteLines({ outcome, would_be, observed_by, ceilings }: Explanation): readonly string[] {
  const next = NEXT_STEPS[outcome.reason];
  return [
    ...(ceilings.length === 0 ? [] : [`  below the ceilings ${ceilings.join(', ')}`]),
    ...(outcome.path === undefined
      ? []
      : [`  the ${outcome.path === 'rewrite' ? 'normalised' : 'raw'} path is forwarded`]),
    ...(would_be === undefined ? [] : [`  with shadow rules live: ${outcomeText(would_be)}`]),
    ...(observed_by.length === 0 ? [] : [`  observed by ${observed_by.join(', ')}`]),
    ...(next === undefined ? [] : [`  next: ${next}`]),
  ];
}

/** Rules that have a say, and those that fail on something else than the agent or the host. */
function isNear({ stand, predicates }: RuleExplanation): boolean {
  if (stand !== 'silent') return true;
  return !predicates.some(({ name, result }) => result === 'no' && /^(agent|destination\.hosts)$/.test(name));
}

function ruleLines({
  rule_id,
  action,
  enabled,
  shadow,
  stand,
  exception,
  predicates,
}: RuleExplanation): readonly string[] {
  const marks = [action, ...(shadow ? ['shadow'] : []), ...(enabled ? [] : ['disabled'])].join(', ');
  const says = enabled ? STANDS[stand] : 'is disabled';
  return [
    '',
    `rule ${rule_id} (${marks}) ${says}`,
    ...(exception === undefined ? [] : [`  exception ${exception.id}: ${exception.reason}`]),
    ...predicates.map(({ name, result }) => `  ${result.padEnd(8)}${name}`),
  ];
}

function limitLines({ limits, outcome }: Explanation): readonly string[] {
  if (limits.length === 0 || outcome.verdict === 'deny') return [];
  return ['', 'limits', ...limits.map(limitLine)];
}

function limitLine({ op }: LimitDemand): string {
  if (op.op === 'budget')
    return `  ${op.limit_id}: reserves ${op.amount} of ${op.cap} ${op.unit} (${op.mode})`;
  const atOnce = op.tolerance_us / op.period_us + 1;
  return `  ${op.limit_id}: at most ${atOnce} at once, then one each ${op.period_us / 1000} ms (${op.mode})`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
