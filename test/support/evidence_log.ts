/**
 * A naive writer of journals, for tests of the verifier: everything is built from the format's prose with node:crypto
 * and string templates, nothing from src/core.
 */
import { hexOf, sha256, type TestKey, testKey, testP256Key } from './evidence_keys.ts';

const ZEROS = '0'.repeat(64);

/** Sorted keys, no spaces; test values are ASCII and integers, so that is RFC 8785. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

export const RECEIPT_TYPE = 'application/vnd.clawgress.receipt.v0+json';

export function pae(type: string, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${body.length} `), body]);
}

export function signedLine(body: string | Uint8Array, key: TestKey): Buffer {
  const bytes = Buffer.from(body);
  const signature = Buffer.from(key.sign(pae(RECEIPT_TYPE, bytes)));
  return Buffer.from(
    `{"payloadType":"${RECEIPT_TYPE}","payload":"${bytes.toString('base64')}","signatures":[{"keyid":"${key.keyId}","sig":"${signature.toString('base64')}"}]}`,
  );
}

/** RFC 6962 section 2.1, read literally. */
export function treeRoot(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256('');
  if (leaves.length === 1) return only;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Buffer.concat([Buffer.of(1), treeRoot(leaves.slice(0, k)), treeRoot(leaves.slice(k))]));
}

export const leafOf = (line: Uint8Array): Buffer => sha256(Buffer.concat([Buffer.of(0), line]));

type Members = Record<string, unknown>;

export class EvidenceLog {
  readonly root = testKey('root');
  readonly logKey = testKey('log');
  readonly manifestEd25519 = testKey('manifest-ed25519');
  readonly manifestP256 = testP256Key('manifest-p256');
  readonly issuer = 'clawgress.test';
  readonly logId = '00112233445566778899aabbccddeeff';
  readonly policy = '{"id":"starter","rules":[],"schema":"clawgress/policy/v1"}';
  epoch = testKey('epoch-1');
  readonly lines: Buffer[] = [];
  readonly streams = new Map<string, { seq: number; prev: string }>();
  private clockMs = Date.UTC(2026, 0, 2, 3, 4, 5, 0);

  get origin(): string {
    return `${this.issuer}/${this.logId}`;
  }

  /** Appends one record: `extra` wins over every default member; a member set to undefined is left out. */
  add(type: string, extra: Members, key: TestKey = this.epoch): Buffer {
    const line = signedLine(canonical(this.body(type, extra, key)), key);
    this.lines.push(line);
    const streams = extra['streams'] as { kind: string; id: string; seq: number }[] | undefined;
    for (const { kind, id, seq } of streams ?? []) {
      this.streams.set(`${kind} ${id}`, { seq: seq + 1, prev: hexOf(line) });
    }
    return line;
  }

  body(type: string, extra: Members, key: TestKey = this.epoch): Members {
    const seq = this.lines.length;
    const last = this.lines.at(-1);
    this.clockMs += 1000;
    return {
      v: 0,
      log_id: this.logId,
      type,
      issuer: this.issuer,
      key_id: key.keyId,
      seq,
      prev: last === undefined ? ZEROS : hexOf(last),
      ts: this.now(),
      mono_us: 1_000_000 * (seq + 1),
      boot_id: '6f1c8e52-5f0a-4a6e-9c1d-0a2b3c4d5e6f',
      process_id: 4242,
      ledger_ms: this.clockMs,
      ...extra,
    };
  }

  now(plusMs = 0): string {
    return new Date(this.clockMs + plusMs).toISOString();
  }

  sleep(ms: number): void {
    this.clockMs += ms;
  }

  genesis(extra: Members = {}): Buffer {
    return this.add(
      'lifecycle',
      {
        lifecycle: 'genesis',
        suite: 'ed25519-sha256-1',
        root_key: keyRef(this.root),
        log_key: keyRef(this.logKey),
        tenant_mode: 'single',
        isolation: 'same_uid',
        capture: 'voluntary',
        ...extra,
      },
      this.root,
    );
  }

  delegate(key: TestKey = this.epoch, extra: Members = {}, signer: TestKey = this.root): Buffer {
    const line = this.add(
      'lifecycle',
      {
        lifecycle: 'key_delegation',
        key: keyRef(key),
        purpose: 'receipt',
        first_seq: this.lines.length + 1,
        not_after: this.now(1000 + 86_400_000),
        ...extra,
      },
      signer,
    );
    this.epoch = key;
    return line;
  }

  start(): Buffer {
    return this.add('lifecycle', { lifecycle: 'start', engine: ENGINE });
  }

  policyRecord(): Buffer {
    return this.add('policy', {
      policy_id: 'starter',
      policy_hash: this.policyHash,
      registry_hash: REGISTRY_HASH,
      trust: 'local',
    });
  }

  get policyHash(): string {
    return `sha256:${hexOf(this.policy)}`;
  }

  links(run?: string): Members[] {
    const ids: [string, string][] = [
      ['tenant', 'default'],
      ['agent', 'demo'],
    ];
    if (run !== undefined) ids.push(['run', `demo/${run}`]);
    return ids.map(([kind, id]) => ({
      kind,
      id,
      ...(this.streams.get(`${kind} ${id}`) ?? { seq: 0, prev: ZEROS }),
    }));
  }

  decision(extra: Members = {}, run?: string): Buffer {
    return this.add('decision', { ...decisionMembers(this), streams: this.links(run), ...extra });
  }

  outcome(extra: Members = {}, run?: string): Buffer {
    return this.add('outcome', {
      decision_ref: RECEIPT_ID,
      state: 'completed',
      status: 200,
      bytes_in: 0,
      bytes_out: 12,
      latency_ms: 3,
      source: { kind: 'live', log_file_id: 'epoch-1', offset: 512 },
      streams: this.links(run),
      ...extra,
    });
  }

  inspection(extra: Members = {}, run?: string): Buffer {
    return this.add('inspection', {
      decision_ref: RECEIPT_ID,
      part: 'response',
      state: 'complete',
      index: 0,
      format: 'sse',
      bytes_in: 12,
      bytes_out: 10,
      digest_in: hexOf('in'),
      digest_out: hexOf('out'),
      streams: this.links(run),
      ...extra,
    });
  }

  /** Signed checkpoint over the first `size` lines. */
  checkpoint(size = this.lines.length, key: TestKey = this.logKey, origin = this.origin): string {
    const root = treeRoot(this.lines.slice(0, size).map(leafOf));
    const body = `${origin}\n${size}\n${root.toString('base64')}\n`;
    const id = sha256(Buffer.concat([Buffer.from(`${origin}\n`), Buffer.of(1), key.raw])).subarray(0, 4);
    const blob = Buffer.concat([id, key.sign(Buffer.from(body))]).toString('base64');
    return `${body}\n\u2014 ${origin} ${blob}\n`;
  }

  trustFile(keys?: readonly [TestKey, string][]): string {
    const known: readonly [TestKey, string][] = keys ?? [
      [this.root, 'root'],
      [this.logKey, 'log'],
      [this.manifestEd25519, 'manifest'],
      [this.manifestP256, 'manifest'],
    ];
    return `${JSON.stringify({ keys: known.map(([key, purpose]) => trustEntry(key, purpose)) }, null, 2)}\n`;
  }
}

export function trustEntry(key: TestKey, purpose: string): Members {
  return {
    keyid: key.keyId,
    algorithm: key.algorithm,
    public_key_pem: key.pem,
    purpose,
    valid_from: '2026-01-02T03:04:06.000Z',
  };
}

export function keyRef(key: TestKey): Members {
  return { key_id: key.keyId, algorithm: 'ed25519', spki_b64: key.spki.toString('base64') };
}

export const RECEIPT_ID = '01890a5d-ac96-774b-bcce-b302099a8057';
export const REGISTRY_HASH = `sha256:${hexOf('registry')}`;
export const ENGINE = { version: '0.1.0', build_digest: `sha256:${hexOf('build')}`, semantics: 1 };

function decisionMembers(log: EvidenceLog): Members {
  return {
    receipt_id: RECEIPT_ID,
    request_id: 'b3a1f9d0-0000-4000-8000-000000000001',
    envoy_node: 'clawgress',
    envoy_epoch: 'epoch-1',
    gateway_id: 'gateway-1',
    source: '127.0.0.1:50000',
    identity: {
      tenant_id: 'default',
      agent_id: 'demo',
      team_id: 'demo',
      project_id: 'demo',
      environment: 'dev',
      status: 'active',
      auth_type: 'api_key',
      binding: { kind: 'api_key', key_id: 'k1' },
      credential_transport: 'loopback',
    },
    policy_id: 'starter',
    policy_hash: log.policyHash,
    registry_hash: REGISTRY_HASH,
    request: {
      mode: 'explicit',
      visibility: 'full',
      protocol: 'http',
      method: 'GET',
      scheme: 'http',
      authority: '127.0.0.9',
      host_kind: 'ipv4',
      port: 8080,
      path: '/hello',
      body_state: 'none',
    },
    verdict: 'allow',
    reason: 'POLICY_ALLOW',
    rule_id: 'demo',
    enforcement_mode: 'enforce',
    decision_latency_us: 120,
    replayable: true,
    engine: ENGINE,
    request_key: hexOf('request key'),
    request_digest: hexOf('request digest'),
    hmac_key_id: '0123456789abcdef',
  };
}

/** What an allow says whose answer is to be inspected. */
export const DEMANDS = { inspect: 'auto', max_bytes: 1000, on_violation: 'block', notarize: true };

/** Genesis, one delegation, start, policy, an allowed request with its outcome and a denied one. */
export function smallLog(): EvidenceLog {
  const log = new EvidenceLog();
  log.genesis();
  log.delegate();
  log.start();
  log.policyRecord();
  log.decision();
  log.outcome();
  log.decision({ verdict: 'deny', reason: 'POLICY_NO_MATCH', rule_id: undefined }, 'run-1');
  return log;
}
