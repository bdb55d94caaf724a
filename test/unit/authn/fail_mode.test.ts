import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CompactSign } from 'jose';
import { openIdentity } from '../../../src/authn/identity.ts';
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

/** `fail_mode: open` covers the freshness of issuer keys and nothing else. */
const key = signingKey('ec', 'ec-1');
const stranger = signingKey('ec', 'ec-1');
const LIFETIME_S = 60 * 86_400;
const MAX_AGE_MS = 600_000;
const WEEK_MS = 7 * 86_400_000;

const subjects = [{ issuer: ISSUER.issuer, subject: 'sub-robot' }];
const dev = agentOf('robot', { environment: 'dev', subjects });
const prod = agentOf('robot', { environment: 'prod', subjects });

function token(signer: SigningKey, claims: object = {}): Promise<string> {
  const body = {
    iss: ISSUER.issuer,
    aud: 'clawgress',
    sub: 'sub-robot',
    iat: NOW_S,
    exp: NOW_S + LIFETIME_S,
  };
  return new CompactSign(new TextEncoder().encode(JSON.stringify({ ...body, ...claims })))
    .setProtectedHeader({ alg: 'ES256', kid: 'ec-1' })
    .sign(signer.privateKey);
}

interface Ask {
  readonly agent?: Agent;
  readonly age_ms?: number;
  readonly jwt?: Promise<string>;
  readonly open?: readonly string[];
}

/** The keys were loaded once, `age_ms` ago, and the issuer has been away since. */
async function judge(
  t: TestContext,
  { agent = dev, age_ms = MAX_AGE_MS + 1, jwt = token(key), open = ['dev'] }: Ask,
): Promise<IdentityFact> {
  let now_ms = NOW_MS;
  let loaded = false;
  const identity = openIdentity({
    jwt_issuers: [{ ...ISSUER, max_lifetime_s: 10 * LIFETIME_S, jwks_max_age_s: MAX_AGE_MS / 1_000 }],
    open_environments: open,
    log: SILENT,
    now: () => now_ms,
    load: async () => {
      if (loaded) throw new Error('down');
      loaded = true;
      return JSON.stringify({ keys: [key.jwk] });
    },
  });
  t.after(() => identity.stop());
  await identity.ready();
  now_ms += age_ms;
  const registry = identity.compileRegistry(registryBytes(agent));
  assert.ok(registry.ok);
  const headers = [{ name: 'x-clawgress-key', value: await jwt }];
  const ask = () => registry.value.authenticate({ mode: 'base_url', headers, transport: 'tls', now_ms });
  const first = await ask();
  // From the cache the answer is the same.
  assert.deepEqual(await ask(), first);
  return first;
}

const said = (fact: IdentityFact) => (fact.ok ? (fact.degraded ?? []).join() : fact.problem);

test('stale keys serve an open environment, and the receipt will say so', async (t) => {
  const fact = await judge(t, {});
  assert.ok(fact.ok);
  assert.deepEqual(fact.degraded, ['identity_freshness']);
});

test('fresh keys leave no trace', async (t) => {
  const fact = await judge(t, { age_ms: MAX_AGE_MS });
  assert.ok(fact.ok);
  assert.equal('degraded' in fact, false);
});

test('everybody else stays out', async (t) => {
  assert.equal(said(await judge(t, { agent: prod })), 'IDENTITY_STALE_KEYS');
  assert.equal(said(await judge(t, { open: [] })), 'IDENTITY_STALE_KEYS');
  assert.equal(said(await judge(t, { open: ['Dev', 'de'] })), 'IDENTITY_STALE_KEYS');
});

test('not for ever', async (t) => {
  assert.equal(said(await judge(t, { age_ms: MAX_AGE_MS + WEEK_MS })), 'identity_freshness');
  assert.equal(said(await judge(t, { age_ms: MAX_AGE_MS + WEEK_MS + 1 })), 'IDENTITY_STALE_KEYS');
});

test('every other failure of a credential stays a refusal where fail_mode is open', async (t) => {
  const cases: readonly (readonly [string, Ask])[] = [
    ['IDENTITY_STALE_KEYS', { jwt: token(stranger) }],
    ['IDENTITY_SIGNATURE', { jwt: token(stranger), age_ms: 0 }],
    ['IDENTITY_EXPIRED', { jwt: token(key, { exp: NOW_S + 1 }) }],
    ['IDENTITY_NOT_YET_VALID', { jwt: token(key, { nbf: NOW_S + LIFETIME_S }) }],
    ['IDENTITY_AUDIENCE', { jwt: token(key, { aud: 'other' }) }],
    ['IDENTITY_ISSUER', { jwt: token(key, { iss: 'https://evil.example' }) }],
    ['IDENTITY_UNKNOWN', { jwt: token(key, { sub: 'nobody' }) }],
    ['IDENTITY_DISABLED', { agent: { ...dev, status: 'disabled' } }],
    ['IDENTITY_QUARANTINED', { agent: { ...dev, status: 'quarantined' } }],
    ['IDENTITY_MALFORMED', { jwt: Promise.resolve('cgk_broken') }],
  ];
  for (const [expected, ask] of cases) assert.equal(said(await judge(t, ask)), expected);
});
