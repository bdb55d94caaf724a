import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { CompactSign } from 'jose';
import { type Identity, openIdentity } from '../../../src/authn/identity.ts';
import type { JwtIssuerSettings } from '../../../src/config/settings.ts';
import type { Agent } from '../../../src/core/identity/agent.ts';
import type { IdentityFact } from '../../../src/core/identity/principal.ts';
import {
  agentOf,
  ISSUER,
  NOW_MS,
  NOW_S,
  registryBytes,
  SILENT,
  type SigningKey,
  signingKey,
} from './fixtures.ts';

export const rsa = signingKey('rsa', 'rsa-1', { alg: 'RS256', use: 'sig' });
export const ec = signingKey('ec', 'ec-1');
export const ed = signingKey('ed', 'ed-1');
export const stranger = signingKey('rsa', 'rsa-1');
export const ALL = [rsa.jwk, ec.jwk, ed.jwk];

export const robot = agentOf('robot', { subjects: [{ issuer: ISSUER.issuer, subject: 'sub-robot' }] });
export const CLAIMS = {
  iss: ISSUER.issuer,
  aud: 'clawgress',
  sub: 'sub-robot',
  iat: NOW_S - 10,
  exp: NOW_S + 300,
};

export function token(
  key: SigningKey,
  alg: string,
  claims: object = {},
  header: object = {},
): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify({ ...CLAIMS, ...claims }));
  return new CompactSign(payload)
    .setProtectedHeader({ alg, kid: String(key.jwk['kid']), ...header })
    .sign(key.privateKey);
}

export const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
/** A token that no library would make. */
export const raw = (header: unknown, claims: unknown = CLAIMS, signature = 'c2ln') =>
  `${part(header)}.${part(claims)}.${signature}`;

export class World {
  keys: object[];
  now_ms = NOW_MS;
  loads = 0;
  failing = false;
  private readonly identity: Identity;

  constructor(settings: Partial<JwtIssuerSettings>, keys: object[]) {
    this.keys = keys;
    this.identity = openIdentity({
      jwt_issuers: [{ ...ISSUER, ...settings }],
      log: SILENT,
      now: () => this.now_ms,
      load: async () => {
        this.loads++;
        if (this.failing) throw new Error('down');
        return JSON.stringify({ keys: this.keys });
      },
    });
  }

  raw(jwt: string, agents: Agent[] = [robot]): IdentityFact | Promise<IdentityFact> {
    const registry = this.identity.compileRegistry(registryBytes(...agents));
    assert.ok(registry.ok);
    const headers = [{ name: 'x-clawgress-key', value: jwt }];
    return registry.value.authenticate({ mode: 'base_url', headers, transport: 'tls', now_ms: this.now_ms });
  }

  async judge(jwt: string, agents?: Agent[]): Promise<IdentityFact> {
    return this.raw(jwt, agents);
  }

  ready(): Promise<void> {
    return this.identity.ready();
  }

  stop(): void {
    this.identity.stop();
  }
}

export async function world(
  t: TestContext,
  settings: Partial<JwtIssuerSettings> = {},
  keys: object[] = ALL,
): Promise<World> {
  const made = new World(settings, keys);
  t.after(() => made.stop());
  await made.ready();
  return made;
}

export async function problem(of: World, jwt: string, registry?: Agent[]): Promise<string> {
  const fact = await of.judge(jwt, registry);
  assert.doesNotMatch(JSON.stringify(fact), /eyJ/);
  return fact.ok ? 'none' : fact.problem;
}
