import { type Evaluation, unchargedStates } from '../core/ledger/evaluation.ts';
import { runIdOf } from '../core/ledger/limit_state.ts';
import type { StreamOwner } from '../core/ledger/stream_heads.ts';
import type { DecisionRecord, Engine, StreamLink } from '../core/receipt/records.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { mergeLedger } from '../core/verdict/merge.ts';
import type {
  AppendProblem,
  AppendResult,
  DecisionDraft,
  OpDenial,
  Proposal,
} from '../core/verdict/proposal.ts';
import { isLateDenial } from './late_denial.ts';
import type { RecorderKeys } from './options.ts';
import type { RecordFacts } from './scribe.ts';
import type { JournalState } from './state.ts';

const US_PER_MS = 1_000;

/** A request's identity for Check retries; hex HMACs, so that state and records hold no clear key. */
export interface RequestMark {
  readonly key: string;
  readonly digest: string;
}

export function requestMark(keys: RecorderKeys, proposal: Proposal): RequestMark {
  return {
    key: keys.hmac('clawgress/request-key/v1', proposal.request_key),
    digest: keys.hmac('clawgress/request-digest/v1', proposal.request_digest),
  };
}

/** What is known without a new record: a retry's first result, or why there will be none. Undefined: judge it. */
export function answerBefore(
  state: JournalState,
  proposal: Proposal,
  mark: RequestMark,
  now_us: number,
): Result<AppendResult, AppendProblem> | undefined {
  const recall = state.ledger.recall(mark.key, mark.digest, now_us);
  if (recall.kind === 'same') return ok(recall.result);
  if (recall.kind === 'reused') return fail('REQUEST_KEY_REUSED');
  const { policy_hash, registry_hash } = proposal.draft;
  const isCurrent = state.policy?.policy_hash === policy_hash && state.policy.registry_hash === registry_hash;
  if (!isCurrent && !isLateDenial(proposal)) return fail('STALE_SNAPSHOT');
  return state.ledger.hasRoom ? undefined : fail('RECORDER_BUSY');
}

export interface Judgement {
  readonly facts: RecordFacts<DecisionRecord>;
  readonly limit: AppendResult['limit'];
}

/** Tests the operations and merges the draft with what the ledger said. Without effect. */
export function judge(
  state: JournalState,
  proposal: Proposal,
  mark: RequestMark,
  context: { readonly engine: Engine; readonly hmac_key_id: string },
  now_us: number,
): Judgement {
  const { draft, ops } = proposal;
  const owner = ownerOf(draft);
  const runFits = owner === undefined || state.streams.hasRoomForRun(owner);
  const evaluation = state.ledger.evaluate(ops, owner?.tenant_id ?? '', now_us, askerOf(proposal));
  const merged = mergeLedger(draft, denialsOf(proposal.denials, evaluation), evaluation.refused);
  const decided = runFits ? merged : withoutRoom(merged);
  const facts = requiredMembers(decided, mark, context, streamsOf(state, owner, runFits));
  addOptionalMembers(facts, decided);
  const { states, budgets } = runFits ? evaluation : unchargedStates(evaluation);
  if (states.length > 0) facts.rate_limit_bucket_state = states;
  if (budgets.length > 0) facts.budget_state = budgets;
  if (evaluation.retry_after_ms > 0) facts.retry_after_ms = evaluation.retry_after_ms;
  if (evaluation.delay_ms > 0 && runFits) facts.delay_ms = evaluation.delay_ms;
  if (ops.some(({ mode }) => mode === 'throttle')) facts.delay_max_ms = proposal.delay_max_ms ?? 0;
  return { facts, limit: evaluation.limit };
}

type DecisionFacts = Mutable<RecordFacts<DecisionRecord>>;

/** Member by member and in the order of the canonical form: on this path spreads and sorting are what shows. */
function requiredMembers(
  draft: DecisionDraft,
  mark: RequestMark,
  context: { readonly engine: Engine; readonly hmac_key_id: string },
  streams: StreamLink[],
): DecisionFacts {
  return {
    decision_latency_us: draft.decision_latency_us,
    enforcement_mode: draft.enforcement_mode,
    engine: context.engine,
    envoy_epoch: draft.envoy_epoch,
    envoy_node: draft.envoy_node,
    gateway_id: draft.gateway_id,
    hmac_key_id: context.hmac_key_id,
    policy_hash: draft.policy_hash,
    policy_id: draft.policy_id,
    reason: draft.reason,
    receipt_id: draft.receipt_id,
    registry_hash: draft.registry_hash,
    replayable: draft.replayable,
    request: draft.request,
    request_digest: mark.digest,
    request_id: draft.request_id,
    request_key: mark.key,
    source: draft.source,
    streams,
    type: 'decision',
    verdict: draft.verdict,
  };
}

type OptionalMember = {
  [K in keyof DecisionDraft]-?: undefined extends DecisionDraft[K] ? K : never;
}[keyof DecisionDraft];

/** Complete by its type: a new optional member of the draft that is missing here does not compile. */
const OPTIONAL_MEMBERS: { readonly [K in OptionalMember]: true } = {
  degraded: true,
  identity: true,
  identity_problem: true,
  observed_by: true,
  parent_decision: true,
  policy_lapse: true,
  rule_id: true,
  response: true,
  stream: true,
  judged_ms: true,
  would_be: true,
};
const OPTIONAL_NAMES = Object.keys(OPTIONAL_MEMBERS) as OptionalMember[];

function addOptionalMembers(facts: DecisionFacts, draft: DecisionDraft): void {
  for (const name of OPTIONAL_NAMES) if (draft[name] !== undefined) copyMember(facts, draft, name);
}

function copyMember<K extends OptionalMember>(
  to: Mutable<Pick<DecisionDraft, K>>,
  from: DecisionDraft,
  name: K,
) {
  to[name] = from[name];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function askerOf({ draft, delay_max_ms = 0 }: Proposal): { run?: string; delay_max_us: number } {
  const run = draft.identity === undefined ? undefined : runIdOf(draft.identity);
  const delay_max_us = delay_max_ms * US_PER_MS;
  return run === undefined ? { delay_max_us } : { run, delay_max_us };
}

function ownerOf({ identity }: DecisionDraft): StreamOwner | undefined {
  if (identity === undefined) return undefined;
  const { tenant_id, agent_id, run } = identity;
  return { tenant_id, agent_id, ...(run === undefined ? {} : { run_label: run.label }) };
}

/** An anonymous denial belongs to nobody's chain; a run that found no room has none. */
function streamsOf(state: JournalState, owner: StreamOwner | undefined, runFits: boolean): StreamLink[] {
  if (owner === undefined) return [];
  const { tenant_id, agent_id } = owner;
  return state.streams.links(runFits ? owner : { tenant_id, agent_id });
}

/** Run labels come from the client: past the cap an allow turns into a denial, so that memory stays bounded. */
function withoutRoom(merged: DecisionDraft): DecisionDraft {
  return merged.verdict === 'deny' ? merged : { ...merged, verdict: 'deny', reason: 'LIMIT_KEYS' };
}

function denialsOf(denials: readonly OpDenial[], evaluation: Evaluation): readonly OpDenial[] {
  if (!evaluation.keys_full) return denials;
  return denials.map((denial, i) =>
    i === evaluation.refused ? { ...denial, reason: 'LIMIT_KEYS' } : denial,
  );
}
