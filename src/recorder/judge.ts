import type { Evaluation } from '../core/ledger/evaluation.ts';
import type { BucketState } from '../core/ledger/operation.ts';
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
import type { RecorderKeys } from './options.ts';
import type { RecordFacts } from './scribe.ts';
import type { JournalState } from './state.ts';

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
  if (!isCurrent) return fail('STALE_SNAPSHOT');
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
  const evaluation = state.ledger.evaluate(ops, owner?.tenant_id ?? '', now_us);
  const merged = mergeLedger(draft, denialsOf(proposal.denials, evaluation), evaluation.refused);
  // Members are added one by one: spreading conditional objects into one literal is several times slower.
  const facts: Mutable<RecordFacts<DecisionRecord>> = {
    ...(runFits ? merged : withoutRoom(merged)),
    type: 'decision',
    streams: streamsOf(state, owner, runFits),
    engine: context.engine,
    request_key: mark.key,
    request_digest: mark.digest,
    hmac_key_id: context.hmac_key_id,
  };
  if (ops.length > 0) facts.rate_limit_bucket_state = runFits ? evaluation.states : uncharged(evaluation);
  if (evaluation.refused !== undefined) facts.retry_after_ms = evaluation.retry_after_ms;
  return { facts, limit: evaluation.limit };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

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

function uncharged(evaluation: Evaluation): readonly BucketState[] {
  return evaluation.states.map((state) => ({ ...state, tat_after: state.tat_before }));
}

function denialsOf(denials: readonly OpDenial[], evaluation: Evaluation): readonly OpDenial[] {
  if (!evaluation.keys_full) return denials;
  return denials.map((denial, i) =>
    i === evaluation.refused ? { ...denial, reason: 'LIMIT_KEYS' } : denial,
  );
}
