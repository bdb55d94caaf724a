import { EXPECTED, type Sent } from './fault_client.ts';
import { judgeInspections } from './fault_inspections.ts';
import type { EnvoyLine, EnvoyLogs, Placed } from './fault_journal.ts';
import { nonceIn } from './fault_nonce.ts';
import type { Hit } from './fault_upstream.ts';
import type { NaiveRecord } from './naive_journal.ts';

/** Everything that was written down about one run, by parties that do not know each other. */
export interface Evidence {
  readonly sent: readonly Sent[];
  readonly hits: readonly Hit[];
  readonly journal: readonly Placed[];
  readonly envoy: EnvoyLogs;
  /** An Envoy was killed or could not write: its last log lines may be lost. */
  readonly logLost: boolean;
  /** No process was killed or cut off: nothing of what was read may be missing. */
  readonly undisturbed?: boolean;
}

export type Code =
  /** Something reached the upstream without a durable allow decision. The one that must never happen. */
  | 'HIT_WITHOUT_ALLOW'
  /** A request inside an intercepted tunnel whose decision does not name the allowed CONNECT of its own client. */
  | 'PARENT_WRONG'
  | 'HIT_TWICE'
  /** The upstream saw the request when its decision was not yet in the journal. */
  | 'HIT_BEFORE_RECORD'
  | 'DECIDED_TWICE'
  | 'ANSWER_WITHOUT_DECISION'
  | 'RECEIPT_UNKNOWN'
  | 'ANSWER_CONTRADICTS'
  | 'OUTCOME_TWICE'
  | 'OUTCOME_MISSING'
  | 'OUTCOME_CONTRADICTS'
  | 'LOG_LINE_MISSING'
  | 'GAP_MISCOUNTED'
  /** Denials that were answered without a record of their own, and what the aggregate records count. */
  | 'AGGREGATE_WRONG'
  /** A client has an answer that was to be read, and its end is not in the journal, or is there twice. */
  | 'INSPECTION_MISSING'
  | 'INSPECTED_TWICE'
  /** An answer was not read to its end, and nobody had died. */
  | 'INSPECTION_LOST'
  /** A budget was not charged what the provider counted. */
  | 'SETTLED_WRONG';

export interface Finding {
  readonly code: Code;
  readonly what: string;
}

export interface Judgement {
  readonly findings: readonly Finding[];
  readonly requests: number;
  readonly hits: number;
  /** Of the hits: requests that came out of intercepted tunnels. */
  readonly inside: number;
  readonly decisions: number;
  readonly allows: number;
  /** Of the allows: connections and requests that the firewall led here; WebSockets. */
  readonly redirected: number;
  readonly sockets: number;
  /** Requests in Envoy's log that have no decision, and how many the gap records count. */
  readonly undecided: number;
  readonly gaps: number;
  /** Denials that Envoy's log calls folded, and how many the aggregate records count. */
  readonly folded: number;
  readonly aggregated: number;
  readonly unknown: number;
  /** Answers that were read to their end; and those that came and were not, for who read them was killed. */
  readonly read: number;
  readonly unread: number;
}

/** Holds the sentences of "exactly one decision" against the evidence, request by request. */
export function judge(evidence: Evidence): Judgement {
  const joined = join(evidence);
  const undecided = undecidedLines(evidence, joined);
  const gaps = countIn(evidence, 'gap');
  const folded = evidence.envoy.lines.filter(isFolded).length;
  const aggregated = countIn(evidence, 'aggregate');
  const inspections = judgeInspections({
    ...{ sent: evidence.sent, undisturbed: evidence.undisturbed === true, nonceOf: joined.nonceOf },
    records: evidence.journal.map(({ record }) => record),
  });
  const allowed = joined.decisions.filter(({ record }) => record['verdict'] === 'allow');
  return {
    findings: [
      ...hitFindings(evidence, joined),
      ...parentFindings(evidence, joined),
      ...answerFindings(evidence, joined),
      ...outcomeFindings(joined),
      ...logFindings(evidence, joined),
      ...gapFindings(undecided, gaps, evidence),
      ...aggregateFindings(folded, aggregated, evidence, joined),
      ...inspections.findings,
    ],
    requests: evidence.sent.length,
    hits: evidence.hits.length,
    inside: evidence.hits.filter(({ secure }) => secure).length,
    decisions: joined.decisions.length,
    allows: allowed.length,
    redirected: allowed.filter(({ record }) => record['request'].mode === 'transparent').length,
    sockets: allowed.filter(({ record }) => record['request'].protocol === 'websocket').length,
    undecided,
    gaps,
    folded,
    aggregated,
    unknown: joined.outcomes.filter(({ state }) => state === 'unknown').length,
    read: inspections.read,
    unread: inspections.lost,
  };
}

interface Joined {
  readonly decisions: readonly Placed[];
  readonly byNonce: ReadonlyMap<string, readonly Placed[]>;
  readonly outcomes: readonly NaiveRecord[];
  readonly hitNonces: ReadonlySet<string>;
  nonceOf(decision: NaiveRecord): string | undefined;
}

function join({ sent, hits, journal }: Evidence): Joined {
  const tunnels = new Map(sent.flatMap(({ source, nonce }) => (source ? [[source, nonce] as const] : [])));
  const nonceOf = ({ request, source }: NaiveRecord): string | undefined =>
    request.protocol === 'connect' ? tunnels.get(source) : nonceIn(request.path ?? '');
  const decisions = journal.filter(({ record }) => record['type'] === 'decision');
  const byNonce = new Map<string, Placed[]>();
  for (const placed of decisions) {
    const nonce = nonceOf(placed.record);
    if (nonce !== undefined) byNonce.set(nonce, [...(byNonce.get(nonce) ?? []), placed]);
  }
  return {
    decisions,
    byNonce,
    outcomes: journal.map(({ record }) => record).filter(({ type }) => type === 'outcome'),
    hitNonces: new Set(hits.map(({ nonce }) => nonce)),
    nonceOf,
  };
}

/** Every request that reaches an upstream has exactly one durable allow decision, written before it. */
function hitFindings({ hits }: Evidence, { byNonce }: Joined): Finding[] {
  const seen = new Set<string>();
  return hits.flatMap(({ nonce, journal, secure = false }): Finding[] => {
    const found = byNonce.get(nonce) ?? [];
    const allow = found.find(({ record }) => record['verdict'] === 'allow' && isInside(record) === secure);
    const findings: Finding[] = [];
    if (seen.has(nonce)) findings.push({ code: 'HIT_TWICE', what: nonce });
    seen.add(nonce);
    if (allow === undefined) {
      const verdict = found[0]?.record['reason'] ?? 'no decision';
      findings.push({ code: 'HIT_WITHOUT_ALLOW', what: `${nonce}: ${verdict}` });
    } else if (journal !== undefined && isAhead(allow, journal)) {
      findings.push({ code: 'HIT_BEFORE_RECORD', what: nonce });
    }
    return findings;
  });
}

const isInside = ({ request }: NaiveRecord): boolean => request.mode === 'intercepted';

/** What is allowed inside names the CONNECT that let its client in, which was recorded before it. */
function parentFindings({ sent }: Evidence, { decisions, nonceOf }: Joined): Finding[] {
  const positions = new Map(decisions.map(({ record }, index) => [record['receipt_id'], index] as const));
  const tunnelOf = new Map(sent.flatMap(({ nonce, tunnel }) => (tunnel ? [[nonce, tunnel] as const] : [])));
  return decisions.flatMap(({ record }, index): Finding[] => {
    if (!isInside(record) || record['verdict'] !== 'allow') return [];
    const nonce = nonceOf(record);
    const at = positions.get(record['parent_decision']);
    const parent = at === undefined || at >= index ? undefined : decisions[at]?.record;
    const isOwn =
      parent !== undefined &&
      parent['verdict'] === 'allow' &&
      parent['request'].tls === 'intercept' &&
      parent['identity']?.agent_id === record['identity']?.agent_id &&
      nonceOf(parent) === tunnelOf.get(nonce ?? '');
    return isOwn ? [] : [{ code: 'PARENT_WRONG', what: nonce ?? record['receipt_id'] }];
  });
}

/** The line lies beyond what the journal held at that time. Segment names sort by their first record. */
function isAhead({ segment, end }: Placed, mark: NonNullable<Hit['journal']>): boolean {
  return segment === mark.segment ? end > mark.bytes : segment > mark.segment;
}

const DENIALS = [401, 403, 407, 422, 429];

/** At most one decision for each request, exactly one for each answer, and they say the same. */
function answerFindings({ sent }: Evidence, { byNonce, decisions, hitNonces }: Joined): Finding[] {
  const receipts = new Set(decisions.map(({ record }) => record['receipt_id']));
  return sent.flatMap(({ nonce, status, receipt }): Finding[] => {
    const found = byNonce.get(nonce) ?? [];
    const [decision] = found;
    const findings: Finding[] = [];
    const report = (code: Code, what: string) => findings.push({ code, what: `${nonce}: ${what}` });
    if (found.length > 1) report('DECIDED_TWICE', `${found.length} decisions`);
    if (receipt !== undefined && !receipts.has(receipt)) report('RECEIPT_UNKNOWN', receipt);
    // 0: nobody answered. 503: our own, when no decision could be had; it may have been recorded all the same.
    if (status === 0 || status === 503) return findings;
    // Without a receipt it can only be a folded denial; those are counted below.
    if (decision === undefined && receipt === undefined && DENIALS.includes(status)) return findings;
    if (decision === undefined) report('ANSWER_WITHOUT_DECISION', `status ${status}`);
    else if (receipt !== undefined && decision.record['receipt_id'] !== receipt)
      report('RECEIPT_UNKNOWN', `${receipt} is not the receipt of this request`);
    const denied = decision?.record['verdict'] === 'deny';
    if (denied && (status < 400 || hitNonces.has(nonce))) report('ANSWER_CONTRADICTS', `denied, ${status}`);
    if (!denied && DENIALS.includes(status)) report('ANSWER_CONTRADICTS', `allowed, ${status}`);
    return findings;
  });
}

/** Every allow is closed exactly once, and its closing agrees with the upstream. */
function outcomeFindings({ decisions, outcomes, hitNonces, nonceOf }: Joined): Finding[] {
  const byDecision = new Map<string, NaiveRecord[]>();
  for (const one of outcomes) {
    const ref = String(one['decision_ref']);
    byDecision.set(ref, [...(byDecision.get(ref) ?? []), one]);
  }
  return decisions.flatMap(({ record }): Finding[] => {
    const closed = byDecision.get(record['receipt_id']) ?? [];
    const nonce = nonceOf(record) ?? record['receipt_id'];
    const [outcome] = closed;
    if (closed.length > 1) return [{ code: 'OUTCOME_TWICE', what: nonce }];
    if (outcome === undefined)
      return record['verdict'] === 'allow' ? [{ code: 'OUTCOME_MISSING', what: nonce }] : [];
    const hit = hitNonces.has(nonce);
    // A tunnel is complete when it stood, whether or not a request went through it.
    const lies =
      (outcome['state'] === 'not_sent' && hit) ||
      (outcome['state'] === 'completed' && !hit && record['request'].protocol !== 'connect');
    return lies ? [{ code: 'OUTCOME_CONTRADICTS', what: `${nonce}: ${outcome['state']}, hit ${hit}` }] : [];
  });
}

/**
 * Envoy logged every request that has a decision; what it could not write any more is closed as `unknown`, or by what
 * another of its lines tells.
 */
function logFindings({ envoy, logLost }: Evidence, { decisions, outcomes, nonceOf }: Joined): Finding[] {
  const logged = new Set(envoy.lines.map(({ request_id }) => request_id));
  const unknown = new Set(
    outcomes.filter(({ state }) => state === 'unknown').map(({ decision_ref }) => decision_ref),
  );
  return decisions.flatMap(({ record }): Finding[] => {
    if (logged.has(record['request_id']) || (logLost && record['verdict'] === 'deny')) return [];
    if (logLost && (unknown.has(record['receipt_id']) || envoy.beside.has(record['receipt_id']))) return [];
    const closed = outcomes.find(({ decision_ref }) => decision_ref === record['receipt_id']);
    const what = `${nonceOf(record) ?? record['receipt_id']}: ${record['verdict']}, ${closed?.['state'] ?? 'open'}`;
    return [{ code: 'LOG_LINE_MISSING', what }];
  });
}

const isFolded = ({ receipt_id }: EnvoyLine): boolean => receipt_id === 'folded';

/** Log lines whose request has no decision of its own and was not folded into an aggregate. */
function undecidedLines({ envoy }: Evidence, { decisions }: Joined): number {
  const decided = new Set(decisions.map(({ record }) => record['request_id']));
  return envoy.lines.filter(
    (line) => !isFolded(line) && (line.request_id === undefined || !decided.has(line.request_id)),
  ).length;
}

/** Sum of what the `gap` or `aggregate` records count. */
function countIn({ journal }: Evidence, lifecycle: string): number {
  return journal
    .filter(({ record }) => record['lifecycle'] === lifecycle)
    .flatMap(({ record }) => record['counts'] as { count: number }[])
    .reduce((sum, { count }) => sum + count, 0);
}

/** Everything else that Envoy saw is counted, once. */
function gapFindings(undecided: number, gaps: number, { envoy }: Evidence): Finding[] {
  const expected = undecided + envoy.damaged;
  return gaps !== expected ? [{ code: 'GAP_MISCOUNTED', what: `${gaps} of ${expected}` }] : [];
}

/**
 * Nothing is folded that is not counted. A recovery record says for which span before a crash the counts may be gone;
 * a lost log makes the log the smaller side, and so does a denial that was judged and never heard of, because Envoy had
 * given up on it or whoever was to answer died: its line is that of a request without a decision.
 */
function aggregateFindings(
  folded: number,
  aggregated: number,
  { journal, logLost, sent }: Evidence,
  { byNonce }: Joined,
): Finding[] {
  const crashed = journal.some(({ record }) => (record['aggregate_window_ms'] ?? 0) > 0);
  const unnamed = sent.filter(
    ({ status, receipt }) => receipt === undefined && DENIALS.includes(status),
  ).length;
  if (unnamed > folded && !logLost) return [{ code: 'ANSWER_WITHOUT_DECISION', what: `${unnamed} denials` }];
  const unheard = sent.filter(
    ({ nonce, kind, status }) =>
      (status === 0 || status === 503) &&
      !byNonce.has(nonce) &&
      EXPECTED[kind].some((code) => DENIALS.includes(code)),
  ).length;
  const wrong = (aggregated < folded && !crashed) || (aggregated > folded + unheard && !logLost);
  return wrong ? [{ code: 'AGGREGATE_WRONG', what: `${aggregated} of ${folded}` }] : [];
}
