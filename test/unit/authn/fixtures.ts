import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { hashApiKey, keyIdOf } from '../../../src/authn/api_key.ts';
import type { JwtIssuerSettings } from '../../../src/config/settings.ts';
import type { Agent, ApiKeyEntry } from '../../../src/core/identity/agent.ts';

/** 2026-03-01, in milliseconds; every test tells the time itself. */
export const NOW_MS = Date.UTC(2026, 2, 1);
export const NOW_S = NOW_MS / 1_000;

export const SILENT = { info() {}, warn() {}, error() {} };

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'clawgress-authn-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function keyEntry(apiKey: string, change: Partial<ApiKeyEntry> = {}): ApiKeyEntry {
  const sha256 = hashApiKey(apiKey);
  return { key_id: keyIdOf(sha256), sha256, created_at: new Date(NOW_MS).toISOString(), ...change };
}

export function agentOf(agent_id: string, change: Partial<Agent> = {}): Agent {
  return {
    tenant_id: 'default',
    agent_id,
    team_id: 'team',
    project_id: 'project',
    environment: 'prod',
    status: 'active',
    api_keys: [],
    subjects: [],
    ...change,
  };
}

export function registryBytes(...agents: Agent[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ schema: 'clawgress/registry/v1', agents }));
}

export function basic(user: string, secret: string): string {
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
}

export const ISSUER: JwtIssuerSettings = {
  issuer: 'https://idp.example',
  audiences: ['clawgress'],
  algorithms: ['RS256', 'ES256', 'EdDSA', 'PS256'],
  jwks: 'https://idp.example/keys',
  tenant_id: 'default',
  allowed_agents: ['robot', 'second'],
  leeway_s: 30,
  max_lifetime_s: 3_600,
  jwks_max_age_s: 600,
  run_claim: 'run',
};

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly jwk: Record<string, unknown>;
}

export function signingKey(kind: 'rsa' | 'ec' | 'ed', kid: string, extra: object = {}): SigningKey {
  const pair =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : kind === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519');
  return { privateKey: pair.privateKey, jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid, ...extra } };
}
