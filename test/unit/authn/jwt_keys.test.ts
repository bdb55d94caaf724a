import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openIdentity } from '../../../src/authn/identity.ts';
import { basic, ISSUER, NOW_MS, NOW_S, registryBytes, SILENT } from './fixtures.ts';

import { ALL, ec, problem, robot, rsa, token, world } from './jwt_world.ts';

test('a verified token is remembered, and still dies with its time, its key and its agent', async (t) => {
  const w = await world(t);
  const jwt = await token(rsa, 'RS256');
  assert.ok(w.raw(jwt) instanceof Promise);
  assert.equal(await problem(w, jwt), 'none');
  assert.ok(!(w.raw(jwt) instanceof Promise), 'second time without a signature check');
  assert.equal(await problem(w, jwt, [{ ...robot, status: 'disabled' }]), 'IDENTITY_DISABLED');
  assert.equal(await problem(w, jwt, []), 'IDENTITY_UNKNOWN');
  w.keys = [ec.jwk];
  w.now_ms = NOW_MS + 40_000;
  assert.equal(await problem(w, await token(ec, 'ES256', {}, { kid: 'new' })), 'IDENTITY_SIGNATURE');
  assert.equal(await problem(w, jwt), 'IDENTITY_SIGNATURE', 'its key was withdrawn');
  w.keys = ALL;
  w.now_ms = NOW_MS + 80_000;
  assert.equal(await problem(w, jwt), 'none');
  w.now_ms = NOW_MS + 331_000;
  assert.equal(await problem(w, jwt), 'IDENTITY_EXPIRED');
});

test('an unknown key id asks the issuer again, but not more often than the cooldown', async (t) => {
  const w = await world(t, {}, [rsa.jwk]);
  const rotated = await token(ec, 'ES256');
  assert.equal(w.loads, 1);
  w.keys = ALL;
  assert.equal(await problem(w, rotated), 'IDENTITY_SIGNATURE', 'asked a moment ago');
  assert.equal(w.loads, 1);
  w.now_ms = NOW_MS + 30_000;
  assert.equal(await problem(w, rotated), 'none');
  assert.equal(w.loads, 2);
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => problem(w, await token(ec, 'ES256', {}, { kid: `no-${i}` }))),
  );
  assert.equal(w.loads, 2);
});

test('the last good keys serve while the issuer is away, up to their maximum age', async (t) => {
  const w = await world(t, { jwks_max_age_s: 600, max_lifetime_s: 86_400 });
  const jwt = await token(rsa, 'RS256', { exp: NOW_S + 7_200 });
  w.failing = true;
  w.now_ms = NOW_MS + 600_000;
  assert.equal(await problem(w, jwt), 'none');
  w.now_ms = NOW_MS + 600_001;
  assert.equal(await problem(w, jwt), 'IDENTITY_STALE_KEYS');
});

test('keys that were never loaded verify nothing', async (t) => {
  const w = await world(t, {}, [{ kty: 'oct', k: 'c2VjcmV0', kid: 'rsa-1' }]);
  assert.equal(await problem(w, await token(rsa, 'RS256')), 'IDENTITY_STALE_KEYS');
});

test('a token as Basic password has to belong to the user it names', async (t) => {
  const load = async () => JSON.stringify({ keys: ALL });
  const identity = openIdentity({ jwt_issuers: [ISSUER], log: SILENT, now: () => NOW_MS, load });
  t.after(() => identity.stop());
  const registry = identity.compileRegistry(registryBytes(robot));
  assert.ok(registry.ok);
  const jwt = await token(ec, 'ES256');
  const ask = async (user: string) => {
    const headers = [{ name: 'proxy-authorization', value: basic(user, jwt) }];
    return registry.value.authenticate({ mode: 'explicit', headers, transport: 'loopback', now_ms: NOW_MS });
  };
  assert.equal((await ask('robot')).ok, true);
  const other = await ask('second');
  assert.equal(other.ok ? '' : other.problem, 'IDENTITY_CONFLICT');
});
