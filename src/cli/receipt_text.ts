import type { Binding } from '../core/identity/principal.ts';
import { streamText } from '../core/policy/stream_demands.ts';
import type { DecisionRecord, OutcomeRecord } from '../core/receipt/records.ts';
import { REASONS } from '../core/verdict/reasons.ts';
import { GUIDANCE } from '../server/codec/next_steps.ts';
import type { Receipt } from './journal_reader.ts';

/** `GET https://api.example:443/path`, as far as the gateway could see. */
export function requestLine(decision: DecisionRecord): string {
  const { request } = decision;
  const host = request.host_kind === 'ipv6' ? `[${request.authority}]` : request.authority;
  const where = host === undefined ? '(no readable destination)' : `${host}:${request.port ?? '?'}`;
  const query = request.query_commitment === undefined ? '' : '?…';
  if (request.protocol === 'connect') return `CONNECT ${where}`;
  return `${request.method ?? '?'} ${request.scheme ?? ''}://${where}${request.path ?? '/…'}${query}`;
}

/** One line of `list` and `tail`. */
export function summary(decision: DecisionRecord): string {
  const agent = decision.identity?.agent_id ?? '-';
  const verdict = decision.verdict.padEnd(5);
  return `${decision.ts}  ${verdict}  ${decision.reason.padEnd(18)}  ${agent.padEnd(16)}  ${decision.receipt_id}  ${requestLine(decision)}`;
}

/** Why this verdict, in the order in which an operator asks. */
export function explanation({ decision, outcome }: Receipt): string {
  const record = decision.record;
  const reason = REASONS[record.reason];
  const rows: [string, string][] = [
    ['receipt', `${record.receipt_id}  (record ${record.seq} in ${decision.segment})`],
    ['when', record.ts],
    ['request', requestLine(record)],
    ['request id', record.request_id],
    ...tunnelRows(record),
    ...streamRows(record),
    ['who', who(record)],
    [
      'verdict',
      `${record.verdict === 'allow' ? 'ALLOWED' : 'DENIED'}: ${reason.title} (${record.reason}, ${reason.status})`,
    ],
    ['rule', record.rule_id ?? '(none)'],
    ...shadowRows(record),
    ...limitRows(record),
    ['policy', `${record.policy_id}  ${record.policy_hash}`],
    ...outcomeRows(record, outcome),
    ...nextStepRows(record),
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
  if (record.retry_after_ms !== undefined) rows.push(['retry after', `${record.retry_after_ms} ms`]);
  return rows;
}

function outcomeRows(record: DecisionRecord, outcome: OutcomeRecord | undefined): [string, string][] {
  if (record.verdict === 'deny') return [['outcome', 'nothing was sent to the destination']];
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
  stream_bytes: 'the stream was cut: the bytes that its rule grants were used up',
  stream_time: 'the stream was cut: the time that its rule grants was over',
  frame_blocked: 'the WebSocket was closed: a frame broke the protocol or was too big',
  relay_stopped: 'the stream was cut: the relay that carried it stopped',
} as const;

function nextStepRows(record: DecisionRecord): [string, string][] {
  if (record.verdict === 'allow') return [];
  // "Ask the operator to run this very command" helps nobody who is running it.
  const own = GUIDANCE[record.reason].steps.filter((step) => !step.includes('receipts why'));
  return [...own, ...operatorSteps(record)].map((step): [string, string] => ['next', step]);
}

function operatorSteps(record: DecisionRecord): string[] {
  switch (record.reason) {
    case 'POLICY_NO_MATCH':
      return ['To allow it: add a rule that matches this agent, destination, method and path to the policy.'];
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
    case 'IDENTITY_DISABLED':
      return ['To admit the agent again: clawgress agent enable <id>'];
    default:
      return [];
  }
}
