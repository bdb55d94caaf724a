import type { Binding } from '../core/identity/principal.ts';
import { streamText } from '../core/policy/stream_demands.ts';
import type { OutcomeCause } from '../core/receipt/outcome_cause.ts';
import type { DecisionRecord, OutcomeRecord } from '../core/receipt/records.ts';
import { REASONS } from '../core/verdict/reasons.ts';
import { GUIDANCE } from '../server/codec/next_steps.ts';
import { bodyRows, inspectionRows, amount as quantity } from './inspection_text.ts';
import type { Receipt } from './journal_reader.ts';

/** `GET https://api.example:443/path`, as far as the gateway could see. */
export function requestLine(decision: DecisionRecord): string {
  const { request } = decision;
  const host = request.host_kind === 'ipv6' ? `[${request.authority}]` : request.authority;
  const where = host === undefined ? '(no readable destination)' : `${host}:${request.port ?? '?'}`;
  const query = request.query_commitment === undefined ? '' : '?…';
  if (request.protocol === 'connect') return `CONNECT ${where}`;
  const { method, scheme, path } = request;
  // What has no canonical form may be recorded without any of them.
  if (method === undefined || scheme === undefined) return where;
  const stream = STREAMS.has(request.protocol ?? '') ? `  (${request.protocol})` : '';
  return `${method} ${scheme}://${where}${path ?? '/…'}${query}${stream}`;
}

const STREAMS: ReadonlySet<string> = new Set(['websocket', 'grpc']);
const REASON_WIDTH = Math.max(...Object.keys(REASONS).map((code) => code.length));

/** One line of `list` and `tail`. */
export function summary(decision: DecisionRecord): string {
  const agent = decision.identity?.agent_id ?? '-';
  const verdict = decision.verdict.padEnd(5);
  return `${decision.ts}  ${verdict}  ${decision.reason.padEnd(REASON_WIDTH)}  ${agent.padEnd(16)}  ${decision.receipt_id}  ${requestLine(decision)}`;
}

/** Why this verdict, in the order in which an operator asks. */
export function explanation(receipt: Receipt): string {
  const { decision, outcome } = receipt;
  const record = decision.record;
  const reason = REASONS[record.reason];
  const rows: [string, string][] = [
    ['receipt', `${record.receipt_id}  (record ${record.seq} in ${decision.segment})`],
    ['when', record.ts],
    ['request', requestLine(record)],
    ['request id', record.request_id],
    ...tunnelRows(record),
    ...streamRows(record),
    ...bodyRows(record.request),
    ['who', who(record)],
    [
      'verdict',
      `${record.verdict === 'allow' ? 'ALLOWED' : 'DENIED'}: ${reason.title} (${record.reason}, ${reason.status})`,
    ],
    ['rule', record.rule_id ?? '(none)'],
    ...shadowRows(record),
    ...limitRows(record),
    ['policy', `${record.policy_id}  ${record.policy_hash}`],
    ...inspectionRows(receipt),
    ...outcomeRows(receipt),
    ...nextStepRows(record),
    ...stepRows(outcome?.cause === undefined ? [] : (CAUSE_STEPS[outcome.cause] ?? [])),
  ];
  return `${rows.map(([name, value]) => `${name.padEnd(12)}${value}`).join('\n')}\n`;
}

const TUNNELS = {
  intercept: 'intercepted: each request inside is judged, and has a receipt of its own',
  passthrough: 'passed on unopened: only TLS for this name',
  raw: 'passed on unopened: any bytes',
} as const;

function tunnelRows({ request, parent_decision }: DecisionRecord): [string, string][] {
  const rows: [string, string][] = [];
  if (request.tls !== undefined) rows.push(['tunnel', TUNNELS[request.tls]]);
  if (parent_decision !== undefined) rows.push(['inside of', `${parent_decision}  (the CONNECT)`]);
  if (request.sni !== undefined) rows.push(['TLS name', request.sni]);
  return rows;
}

function streamRows({ stream, request }: DecisionRecord): [string, string][] {
  const rows: [string, string][] = [];
  if (request.original_destination !== undefined) rows.push(['dialled', request.original_destination]);
  if (stream !== undefined) rows.push(['stream', streamText(stream)]);
  return rows;
}

function who(record: DecisionRecord): string {
  const { identity, identity_problem } = record;
  if (identity === undefined) return `nobody (${identity_problem ?? 'no identity'})`;
  const proof = proofText(identity.binding);
  const base = `${identity.tenant_id}/${identity.agent_id}  team ${identity.team_id}, project ${identity.project_id}, ${identity.environment}; ${proof}`;
  return identity_problem === undefined ? base : `${base}; refused: ${identity_problem}`;
}

function proofText(binding: Binding): string {
  if (binding.kind === 'api_key') return `key ${binding.key_id}`;
  return binding.kind === 'jwt' ? `token of ${binding.issuer}` : `source ${binding.source}`;
}

function shadowRows({ would_be, observed_by }: DecisionRecord): [string, string][] {
  const rows: [string, string][] = [];
  if (would_be !== undefined) {
    rows.push([
      'would be',
      `${would_be.verdict} (${would_be.reason}${would_be.rule_id === undefined ? '' : `, rule ${would_be.rule_id}`}) ${would_be.policy_hash === undefined ? 'with shadow rules live' : `under the shadow policy ${would_be.policy_hash}`}`,
    ]);
  }
  if (observed_by !== undefined) rows.push(['observed by', observed_by.join(', ')]);
  return rows;
}

function limitRows(record: DecisionRecord): [string, string][] {
  const rows = (record.rate_limit_bucket_state ?? []).map((bucket): [string, string] => {
    const waitMs = Math.max(0, Math.ceil((bucket.tat_before - bucket.now) / 1000));
    const state = bucket.tat_after === bucket.tat_before && bucket.cost > 0 ? 'not charged' : 'charged';
    const over = bucket.exceeded === true ? ', over the limit (alert only)' : '';
    return ['limit', `${bucket.limit_id}: ${state}${over}, ${waitMs} ms ahead of its rate`];
  });
  for (const budget of record.budget_state ?? []) rows.push(['budget', budgetText(budget)]);
  if (record.retry_after_ms !== undefined) rows.push(['retry after', `${record.retry_after_ms} ms`]);
  return rows;
}

function budgetText(budget: NonNullable<DecisionRecord['budget_state']>[number]): string {
  const { limit_id, unit, amount, used_before, used_after, cap } = budget;
  const state = used_after === used_before ? 'not reserved' : 'reserved';
  const over = budget.exceeded === true ? ', over the budget (alert only)' : '';
  const unpriced = budget.unpriced === true ? ', nobody knows what the call costs' : '';
  const used = `${quantity(unit, used_after)} of ${quantity(unit, cap)} used`;
  return `${limit_id}: ${quantity(unit, amount)} ${state}${over}${unpriced}, ${used}`;
}

function outcomeRows({ decision, outcome }: Receipt): [string, string][] {
  if (decision.record.verdict === 'deny') return [['outcome', 'nothing was sent to the destination']];
  if (outcome === undefined) return [['outcome', 'not known yet']];
  const status = outcome.status === undefined ? '' : `, status ${outcome.status}`;
  const upstream = outcome.upstream_address === undefined ? '' : `, from ${outcome.upstream_address}`;
  const details = outcome.details === undefined ? '' : `, ${outcome.details}`;
  return [
    [
      'outcome',
      `${outcome.state}${status}, ${outcome.bytes_out} bytes in ${outcome.latency_ms} ms${upstream}${details}`,
    ],
    ...(outcome.cause === undefined ? [] : [['cause', CAUSES[outcome.cause]] satisfies [string, string]]),
    ...frameRows(outcome),
  ];
}

function frameRows({ frames }: OutcomeRecord): [string, string][] {
  if (frames === undefined) return [];
  const { messages_in, messages_out, largest, violations } = frames;
  const text = `${messages_in} messages sent, ${messages_out} received, largest ${largest} bytes, ${violations} violations`;
  return [['frames', text]];
}

const CAUSES = {
  sni_mismatch: 'the tunnel was closed: its TLS named another host than the CONNECT, or it was no TLS',
  tls_missing: 'nothing was sent: no TLS came in the tunnel, which its rule intercepts',
  tls_name_refused:
    'nothing was sent: there was no certificate for the name that the TLS asked for, or it named none',
  tls_client_distrust: 'nothing was sent: the client broke off when it was shown our certificate',
  tls_timeout: 'nothing was sent: the TLS handshake took too long',
  tls_failed: 'nothing was sent: the TLS handshake failed, or the client left in the middle of it',
  tls_unused: 'nothing was sent: TLS was opened, and then the client asked for nothing',
  answer_blocked: 'policy kept the answer back: the client got one of ours',
  answer_cut: 'policy ended the answer in the middle',
  request_cut: 'policy ended the body in the middle: the client got an answer of ours',
  stream_bytes: 'the stream was cut: the bytes that its rule grants were used up',
  stream_time: 'the stream was cut: the time that its rule grants was over',
  frame_blocked: 'the WebSocket was closed: a frame broke the protocol or was too big',
  relay_stopped: 'the stream was cut: the relay that carried it stopped',
} as const satisfies Record<OutcomeCause, string>;

const TRUST_STEPS = [
  'Run the agent by clawgress run, or with the variables of clawgress env: programs then trust the gateway’s authority.',
  'For programs that read no variable: clawgress trust install; clawgress trust check and docs/clients.md tell what covers which client.',
  'A client that pins its certificate can never be intercepted: let it pass unopened, with tls: passthrough in a rule of protocol kind connect.',
];

/** What to do about a tunnel that was allowed and came to nothing. */
const CAUSE_STEPS: Readonly<Partial<Record<OutcomeCause, readonly string[]>>> = {
  tls_missing: ['For a protocol without TLS, or whose server speaks first: a rule with protocol kind tcp.'],
  tls_name_refused: [
    'Only a name that some rule intercepts and may allow has a certificate: the TLS must name the host of the CONNECT, and no address.',
    'When the name is right, see whether anything can be signed: clawgress ca show.',
  ],
  tls_client_distrust: TRUST_STEPS,
  tls_timeout: ['When many end like this, see whether the gateway is overloaded: clawgress doctor.'],
  tls_failed: ['The client must speak TLS 1.2 or 1.3 with ECDHE and accept certificates with P-256 keys.'],
  tls_unused: [
    'Some clients (Node with TLS 1.2, programs that pin certificates) close like this when they do not trust what they were shown:',
    ...TRUST_STEPS,
  ],
};

function stepRows(steps: readonly string[]): [string, string][] {
  return steps.map((step) => ['next', step]);
}

function nextStepRows(record: DecisionRecord): [string, string][] {
  if (record.verdict === 'allow') return [];
  // "Ask the operator to run this very command" helps nobody who is running it.
  const own = GUIDANCE[record.reason].steps.filter((step) => !step.includes('receipts why'));
  return stepRows([...own, ...operatorSteps(record)]);
}

/** Rules may be there that allow other calls. */
function callSteps({ request }: DecisionRecord): string[] {
  if (request.body?.ai === undefined) return [];
  return [
    'Rules of kind llm, mcp and a2a also ask for what stands in the row AI: model, tools, method, target.',
  ];
}

type BodyReason = keyof typeof BODY_STEPS;

/** `<rule>` is the rule or the limit that the receipt names. */
const BODY_STEPS = {
  LIMIT_TOKENS: ['To allow more: raise tokens of the limit <rule> in the policy.'],
  LIMIT_SPEND: ['To allow more: raise usd_cents of the limit <rule> in the policy.'],
  PRICE_UNKNOWN: ['To let it pass uncounted, on record: write unknown_price: alert in the limit <rule>.'],
  AI_UNREADABLE: ['docs/ai.md explains each reason; clawgress ai read tells it of a file.'],
  BODY_INVALID: [
    'clawgress json check tells the place in a file; request.repair: once in the rule <rule> mends what can be mended.',
  ],
  BODY_TOO_LARGE: ['To take it: raise request.max_bytes of the rule <rule> (at most 16777216).'],
  SCHEMA_INVALID: ['To take it: change the schema that the rule <rule> names.'],
} as const satisfies Readonly<Partial<Record<DecisionRecord['reason'], readonly string[]>>>;

function bodySteps(reason: BodyReason, rule: string): string[] {
  return BODY_STEPS[reason].map((step) => step.replace('<rule>', rule));
}

function operatorSteps(record: DecisionRecord): string[] {
  switch (record.reason) {
    case 'POLICY_NO_MATCH':
      return [
        'To allow it: add a rule that matches this agent, destination, method and path to the policy.',
        ...callSteps(record),
      ];
    case 'POLICY_CEILING':
      return ['To allow it: an inherited document is a ceiling; its own rules have to allow it, too.'];
    case 'POLICY_DENY':
      return [
        `To allow it: narrow or remove the deny rule ${record.rule_id ?? ''} in the policy.`.replace(
          '  ',
          ' ',
        ),
      ];
    case 'TUNNEL_OPAQUE':
      return [
        'To judge the requests inside: write tls: intercept on the rule; clawgress ca show says what agents must trust.',
        'To allow the tunnel unopened: add a rule with protocol kind connect and no path, method or query.',
      ];
    case 'LIMIT_RPS':
    case 'LIMIT_RPM':
      return [`To allow more: raise the limit ${record.rule_id ?? ''} in the policy.`.replace('  ', ' ')];
    case 'LIMIT_TOKENS':
    case 'LIMIT_SPEND':
    case 'PRICE_UNKNOWN':
    case 'AI_UNREADABLE':
    case 'BODY_INVALID':
    case 'BODY_TOO_LARGE':
    case 'SCHEMA_INVALID':
      return bodySteps(record.reason, record.rule_id ?? '');
    case 'IDENTITY_DISABLED':
      return ['To admit the agent again: clawgress agent enable <id>'];
    default:
      return [];
  }
}
