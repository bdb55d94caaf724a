import { createHmac } from 'node:crypto';
import type { IdentityFact, Principal } from '../../../src/core/identity/principal.ts';
import type { CompiledPolicy, LimitDemand, RuleOutcome } from '../../../src/core/policy/compiled.ts';
import { fail, ok, type Result } from '../../../src/core/result.ts';
import type {
  AppendProblem,
  AppendResult,
  FoldedDenial,
  Proposal,
} from '../../../src/core/verdict/proposal.ts';
import type { ReasonCode } from '../../../src/core/verdict/reasons.ts';
import type { CheckDependencies } from '../../../src/server/dependencies.ts';
import type { AuthInput, Snapshot } from '../../../src/server/ports.ts';
import { receiptIds } from '../../../src/server/receipt_id.ts';
import { Sleepers } from '../../../src/server/sleepers.ts';

export const PRINCIPAL: Principal = {
  tenant_id: 'default',
  agent_id: 'bot',
  team_id: 'payments',
  project_id: 'refunds',
  environment: 'prod',
  status: 'active',
  auth_type: 'api_key',
  binding: { kind: 'api_key', key_id: 'k1' },
  credential_transport: 'loopback',
};

export const STAMP = 'stamp-of-this-run';
export const ALLOWED: RuleOutcome = { verdict: 'allow', reason: 'POLICY_ALLOW', rule_id: 'r1' };
export const UNMATCHED: RuleOutcome = { verdict: 'deny', reason: 'POLICY_NO_MATCH' };

export const DEMAND: LimitDemand = {
  op: {
    op: 'gcra',
    limit_id: 'per-agent/rps',
    key: 'k',
    period_us: 200_000,
    tolerance_us: 800_000,
    cost: 1,
    mode: 'hard_stop',
  },
  denial: { reason: 'LIMIT_RPS', rule_id: 'per-agent' },
};

export function policy(live: RuleOutcome, overrides: Partial<CompiledPolicy> = {}): CompiledPolicy {
  return {
    policy_id: 'p',
    policy_hash: 'sha256:p1',
    canonical: new Uint8Array(),
    query_names: [],
    evaluate: () => ({ live, shadow: live, observed_by: [] }),
    limits: () => [],
    schemaOf: () => undefined,
    limitsRead: () => false,
    refusal: () => undefined,
    mayIntercept: () => false,
    mayReach: () => false,
    quotas: () => [],
    ...overrides,
  };
}

export function snapshot(
  compiled: CompiledPolicy,
  fact: IdentityFact | ((input: AuthInput) => IdentityFact | Promise<IdentityFact>) = {
    ok: true,
    principal: PRINCIPAL,
  },
  resume?: Snapshot['resume'],
): Snapshot {
  return {
    policy: compiled,
    registry_hash: 'sha256:r1',
    authenticate: typeof fact === 'function' ? fact : () => fact,
    resume: resume ?? (() => ({ ok: true, principal: PRINCIPAL })),
  };
}

/** Keeps what was proposed and answers as told; by default as a recorder whose ledger admits everything. */
export class FakeRecorder {
  readonly proposals: Proposal[] = [];
  answer: (
    proposal: Proposal,
  ) =>
    | Promise<Result<AppendResult, AppendProblem | FoldedDenial>>
    | Result<AppendResult, AppendProblem | FoldedDenial> = (proposal) => ok(recorded(proposal));

  async append(proposal: Proposal): Promise<Result<AppendResult, AppendProblem | FoldedDenial>> {
    this.proposals.push(proposal);
    return this.answer(proposal);
  }
}

export function recorded({ draft }: Proposal): AppendResult {
  return {
    receipt_id: draft.receipt_id,
    seq: 7,
    line_hash: '11'.repeat(32),
    leaf_hash: '22'.repeat(32),
    verdict: draft.verdict,
    reason: draft.reason,
    ...(draft.rule_id === undefined ? {} : { rule_id: draft.rule_id }),
  };
}

export function mac(label: string, text: string): string {
  return createHmac('sha256', 'of this host').update(`${label}\0${text}`).digest('hex');
}

export interface Bench {
  readonly deps: CheckDependencies;
  readonly recorder: FakeRecorder;
  readonly errors: object[];
  readonly counted: [ReasonCode, boolean][];
}

export function bench(current: () => Snapshot): Bench {
  const recorder = new FakeRecorder();
  const errors: object[] = [];
  const counted: [ReasonCode, boolean][] = [];
  let us = 0;
  const deps: CheckDependencies = {
    snapshot: current,
    recorder,
    ids: { receiptId: receiptIds(() => 1_700_000_000_000) },
    clock: { nowMs: () => 1_700_000_000_000, monoUs: () => (us += 10.4) },
    salt: () => new Uint8Array(32).fill(1),
    mac,
    settings: { gatewayId: 'gw-1', stamp: STAMP, selfPorts: [3128, 8088], checkTimeoutMs: 2_000 },
    sleepers: new Sleepers(),
    log: { error: (fields) => errors.push(fields) },
    metrics: { checked: (reason, wasRecorded) => counted.push([reason, wasRecorded]) },
  };
  return { deps, recorder, errors, counted };
}

export { fail, ok };
