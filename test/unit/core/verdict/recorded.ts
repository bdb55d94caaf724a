import { createHash } from 'node:crypto';
import type { Principal } from '../../../../src/core/identity/principal.ts';
import { LimitState, runIdOf } from '../../../../src/core/ledger/limit_state.ts';
import type { CompiledPolicy } from '../../../../src/core/policy/compiled.ts';
import type { DecisionRecord } from '../../../../src/core/receipt/records.ts';
import type { EgressRequest } from '../../../../src/core/request/egress_request.ts';
import { requestFacts } from '../../../../src/core/request/facts.ts';
import { ok } from '../../../../src/core/result.ts';
import { DECISION_SEMANTICS, decide } from '../../../../src/core/verdict/decide.ts';

export interface Asked {
  readonly request: EgressRequest;
  readonly who: Principal;
  readonly atMs: number;
}

const hex = (text: string): string => createHash('sha256').update(text).digest('hex');
const commit = (key: string): string => hex(`bucket ${key}`);

/** Receipts as a gateway and its recorder would write them, without signatures and chains. */
export class TestRecorder {
  readonly records: DecisionRecord[] = [];
  readonly #limits = new LimitState(100_000);

  record(policy: CompiledPolicy, { request, who, atMs }: Asked): DecisionRecord {
    const { verdict, demands } = decide(policy, { ok: true, principal: who }, ok(request), { atMs });
    const ops = demands.map(({ op }) => op);
    const run = runIdOf(who);
    const asker = { delay_max_us: 0, ...(run === undefined ? {} : { run }) };
    const judged = this.#limits.evaluate(commit, ops, who.tenant_id, atMs * 1_000, asker);
    const refused = judged.refused === undefined ? undefined : demands[judged.refused]?.denial;
    const { rewrite_path: _rewrite, observed_by, tunnel, stream, ...said } = verdict;
    const seq = this.records.length;
    const record: DecisionRecord = {
      ...COMMON,
      seq,
      ts: new Date(atMs).toISOString(),
      ledger_ms: atMs,
      receipt_id: `0193c1b2-7c1e-7b52-9d57-${seq.toString(16).padStart(12, '0')}`,
      request_id: `request-${seq}`,
      identity: who,
      policy_id: policy.policy_id,
      policy_hash: policy.policy_hash,
      request: requestFacts(
        request,
        policy.query_names,
        request.query_names.length > 0 ? hex('q') : undefined,
        refused === undefined ? tunnel : undefined,
      ),
      ...said,
      ...(refused === undefined && stream !== undefined ? { stream } : {}),
      ...(refused === undefined ? {} : { verdict: 'deny' as const, ...refused }),
      ...(judged.retry_after_ms === 0 ? {} : { retry_after_ms: judged.retry_after_ms }),
      ...(observed_by.length === 0 ? {} : { observed_by }),
      ...(ops.length === 0 ? {} : { rate_limit_bucket_state: judged.states }),
    };
    this.#limits.fold(record);
    this.records.push(record);
    return record;
  }
}

const COMMON = {
  v: 0,
  type: 'decision',
  log_id: 'ab'.repeat(16),
  issuer: 'test',
  key_id: 'cd'.repeat(32),
  prev: '0'.repeat(64),
  mono_us: 0,
  boot_id: 'boot',
  process_id: 1,
  envoy_node: 'envoy',
  envoy_epoch: '1',
  gateway_id: 'gateway',
  source: '127.0.0.1:1',
  registry_hash: `sha256:${'0'.repeat(64)}`,
  enforcement_mode: 'enforce',
  decision_latency_us: 1,
  replayable: true,
  streams: [],
  engine: { version: '0', build_digest: `sha256:${'0'.repeat(64)}`, semantics: DECISION_SEMANTICS },
  request_key: '0'.repeat(64),
  request_digest: '0'.repeat(64),
  hmac_key_id: 'key',
} as const;
