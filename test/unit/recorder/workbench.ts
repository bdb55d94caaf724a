import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layoutOf } from '../../../src/config/layout.ts';
import type { RecorderSettings } from '../../../src/config/settings.ts';
import type { Principal } from '../../../src/core/identity/principal.ts';
import type { GcraOp, LedgerOp } from '../../../src/core/ledger/operation.ts';
import { DECISION_SEMANTICS } from '../../../src/core/verdict/decide.ts';
import type { AppendResult, DecisionDraft, Proposal } from '../../../src/core/verdict/proposal.ts';
import { openKeyring } from '../../../src/keys/keyring.ts';
import { openRecorder } from '../../../src/recorder/opening.ts';
import type { RecorderClock, RecorderOptions } from '../../../src/recorder/options.ts';
import type { Recorder } from '../../../src/recorder/recorder.ts';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';

const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;
export const POLICY_BYTES = Buffer.from('{"id":"test"}');
export const POLICY_HASH = sha256(POLICY_BYTES.toString());
export const REGISTRY_HASH = sha256('registry');

export const SETTINGS: RecorderSettings = {
  segment_max_bytes: 64 << 20,
  segment_max_age_s: 86_400,
  checkpoint_interval_ms: 10_000,
  checkpoint_every: 1_000,
  heartbeat_s: 60,
  queue_max: 4_096,
  limit_keys_max: 10_000,
  denials_per_second: 100_000,
  compress_segments: false,
  retention_days: 0,
  journal_max_bytes: 0,
  min_free_bytes: 0,
  allow_unsafe_storage: true,
};

/** A clock that only moves when told to. */
export class ManualClock implements RecorderClock {
  wall_ms = Date.UTC(2030, 0, 1);
  mono_us = 1_000_000;
  wallMs(): number {
    return this.wall_ms;
  }
  monoUs(): number {
    return this.mono_us;
  }
  advance(ms: number): void {
    this.wall_ms += ms;
    this.mono_us += ms * 1_000;
  }
}

export function newStateDir(): { dir: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'clawgress-recorder-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

export function recorderOptions(dir: string, overrides: Partial<RecorderOptions> = {}): RecorderOptions {
  const layout = layoutOf(dir, join(dir, 'run'));
  return {
    layout,
    settings: SETTINGS,
    issuer: 'clawgress.test',
    engine: { version: '0.1.0', build_digest: sha256('build'), semantics: DECISION_SEMANTICS },
    keyring: openKeyring(layout.keys_dir),
    // A request is taken for a repetition within twice this time; a slow disk and a restart lie between in some tests.
    checkTimeoutMs: 10_000,
    genesis: { tenant_mode: 'single', isolation: 'same_uid', capture: 'voluntary' },
    onFatal: (error) => {
      throw error;
    },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    ...overrides,
  };
}

/** A recorder on which the test policy is live. */
export async function openWithPolicy(
  dir: string,
  overrides: Partial<RecorderOptions> = {},
): Promise<Recorder> {
  const recorder = await openRecorder(recorderOptions(dir, overrides));
  await recorder.recordPolicy({
    policy_id: 'test',
    policy_hash: POLICY_HASH,
    canonical: POLICY_BYTES,
    registry_hash: REGISTRY_HASH,
    trust: 'local',
  });
  return recorder;
}

export const ALICE: Principal = {
  tenant_id: 'default',
  agent_id: 'alice',
  team_id: 'team',
  project_id: 'project',
  environment: 'test',
  status: 'active',
  auth_type: 'api_key',
  binding: { kind: 'api_key', key_id: 'k1' },
  credential_transport: 'loopback',
};

/** A UUIDv7-shaped id. */
export function receiptId(): string {
  const hex = randomBytes(16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

export function draft(overrides: Partial<DecisionDraft> = {}): DecisionDraft {
  return {
    receipt_id: receiptId(),
    request_id: receiptId(),
    envoy_node: 'node-1',
    envoy_epoch: 'epoch-1',
    gateway_id: 'gateway-1',
    source: '127.0.0.1:40000',
    identity: ALICE,
    policy_id: 'test',
    policy_hash: POLICY_HASH,
    registry_hash: REGISTRY_HASH,
    request: {
      mode: 'explicit',
      visibility: 'full',
      protocol: 'http',
      method: 'GET',
      scheme: 'http',
      authority: 'api.example.com',
      host_kind: 'name',
      port: 80,
      path: '/v1/things',
      body_state: 'none',
    },
    verdict: 'allow',
    reason: 'POLICY_ALLOW',
    rule_id: 'allow-api',
    enforcement_mode: 'enforce',
    decision_latency_us: 120,
    replayable: true,
    ...overrides,
  };
}

export function anonymousDenial(): DecisionDraft {
  const { identity: _, rule_id: __, ...rest } = draft({ verdict: 'deny', reason: 'IDENTITY_MISSING' });
  return { ...rest, identity_problem: 'IDENTITY_MISSING' };
}

/** 20 per second, burst 20, on a bucket of its own unless told otherwise. */
export function limitOp(overrides: Partial<GcraOp> = {}): GcraOp {
  return {
    op: 'gcra',
    limit_id: 'per-agent/rps',
    key: '7:default5:alice',
    period_us: 50_000,
    tolerance_us: 19 * 50_000,
    cost: 1,
    mode: 'hard_stop',
    ...overrides,
  };
}

export function proposal(overrides: Partial<DecisionDraft> = {}, ops: readonly LedgerOp[] = []): Proposal {
  return proposalOf(draft(overrides), ops);
}

export function proposalOf(decision: DecisionDraft, ops: readonly LedgerOp[] = []): Proposal {
  return {
    draft: decision,
    ops,
    denials: ops.map(({ limit_id }) => ({ reason: 'LIMIT_RPS', rule_id: limit_id })),
    request_key: `${decision.envoy_node}/${decision.request_id}`,
    request_digest: createHash('sha256').update(decision.request_id).digest('hex'),
  };
}

/** State folders of one test file; `clean` removes them all. */
export class StateDirs {
  readonly #removals: (() => void)[] = [];

  create(): string {
    const { dir, remove } = newStateDir();
    this.#removals.push(remove);
    return dir;
  }

  clean(): void {
    for (const remove of this.#removals.splice(0)) remove();
  }
}

/** What an outsider reads: every line verified with the published keys. */
export function recordsOf(dir: string): NaiveRecord[] {
  return readJournal(join(dir, 'journal'), join(dir, 'run', 'public-keys.json'));
}

/** One word for each record: the lifecycle event, the verdict, or the type. */
export function kinds(dir: string): string[] {
  return recordsOf(dir).map((one) => one['lifecycle'] ?? one['verdict'] ?? one['type']);
}

/** Appends, and fails the test when there is no decision. */
export async function appended(recorder: Recorder, one: Proposal): Promise<AppendResult> {
  const answer = await recorder.append(one);
  if (!answer.ok) throw new Error(JSON.stringify(answer.problem));
  return answer.value;
}
