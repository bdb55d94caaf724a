import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { CompactSign } from 'jose';
import { openIdentity } from '../../../src/authn/identity.ts';
import {
  agentOf,
  ISSUER,
  NOW_MS,
  NOW_S,
  registryBytes,
  SILENT,
  signingKey,
} from '../../unit/authn/fixtures.ts';
import { type Boundary, bytesOf, latin1 } from '../boundary.ts';

const CLAIMS = { iss: ISSUER.issuer, aud: 'clawgress', sub: 'sub-robot', iat: NOW_S - 10, exp: NOW_S + 300 };
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Judge: an accepted token is signed, as the platform's own verify sees it, and says what it must, in one spelling. */
export async function jwt(): Promise<Boundary> {
  const key = signingKey('ed', 'ed-1');
  const identity = openIdentity({
    jwt_issuers: [ISSUER],
    log: SILENT,
    now: () => NOW_MS,
    load: async () => JSON.stringify({ keys: [key.jwk] }),
  });
  await identity.ready();
  const robot = agentOf('robot', { subjects: [{ issuer: ISSUER.issuer, subject: 'sub-robot' }] });
  const registry = identity.compileRegistry(registryBytes(robot));
  assert.ok(registry.ok);
  const { authenticate } = registry.value;
  const sign = (claims: object, header: object = {}) =>
    new CompactSign(bytesOf(JSON.stringify({ ...CLAIMS, ...claims })))
      .setProtectedHeader({ alg: 'EdDSA', kid: 'ed-1', ...header })
      .sign(key.privateKey);
  const corpus = await Promise.all([
    sign({}),
    sign({ nbf: NOW_S, run: 'r1' }),
    sign({ exp: NOW_S - 90 }),
    sign({ aud: ['x', 'clawgress'] }),
  ]);
  corpus.push(
    `${part({ alg: 'none' })}.${part(CLAIMS)}.`,
    `${part({ alg: 'EdDSA', jwk: key.jwk })}.${part(CLAIMS)}.AA`,
  );

  const assertGenuine = (token: string): void => {
    const [header = '', payload = '', signature = ''] = token.split('.');
    for (const text of [header, payload, signature])
      assert.equal(Buffer.from(text, 'base64url').toString('base64url'), text, 'second spelling');
    const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString());
    assert.equal(alg, 'EdDSA');
    const signed = verify(
      null,
      Buffer.from(`${header}.${payload}`),
      { ...spki(key.jwk) },
      Buffer.from(signature, 'base64url'),
    );
    assert.ok(signed, 'not signed');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    assert.equal(claims.iss, ISSUER.issuer);
    assert.equal(claims.sub, 'sub-robot');
    assert.ok([claims.aud].flat().includes('clawgress'));
    assert.ok(claims.exp + ISSUER.leeway_s > NOW_S && (claims.nbf ?? 0) - ISSUER.leeway_s <= NOW_S);
  };
  return {
    name: 'jwt',
    corpus: corpus.map(bytesOf),
    async check(input) {
      const token = latin1(input);
      const headers = [{ name: 'x-clawgress-key', value: token }];
      const fact = await authenticate({ mode: 'base_url', headers, transport: 'tls', now_ms: NOW_MS });
      if (fact.ok) assertGenuine(token);
      return fact.ok;
    },
    async close() {
      identity.stop();
    },
  };
}

function spki(jwk: Record<string, unknown>): { key: { kty: string; crv: string; x: string }; format: 'jwk' } {
  return { key: { kty: 'OKP', crv: 'Ed25519', x: String(jwk['x']) }, format: 'jwk' };
}
