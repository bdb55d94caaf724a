import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { CompactSign } from 'jose';
import { ISSUER, NOW_S, signingKey } from './fixtures.ts';

import { CLAIMS, ec, ed, part, problem, raw, robot, rsa, stranger, token, world } from './jwt_world.ts';

test('good tokens of every family bind the mapped agent', async (t) => {
  const w = await world(t);
  for (const [key, alg] of [
    [rsa, 'RS256'],
    [ec, 'ES256'],
    [ed, 'EdDSA'],
  ] as const) {
    const fact = await w.judge(await token(key, alg, { run: 'r7' }));
    assert.ok(fact.ok, alg);
    assert.equal(fact.principal.agent_id, 'robot');
    assert.equal(fact.principal.auth_type, 'jwt');
    assert.deepEqual(fact.principal.run, { label: 'r7', asserted_by: 'jwt' });
    assert.deepEqual(fact.principal.binding, {
      kind: 'jwt',
      issuer: ISSUER.issuer,
      subject: 'sub-robot',
      jwk_id: key.jwk['kid'],
    });
  }
});

test('a key without id is chosen when it is the only fitting one, and named by its thumbprint', async (t) => {
  const { kid: _, ...anonymous } = ec.jwk;
  const w = await world(t, {}, [rsa.jwk, anonymous]);
  const payload = new TextEncoder().encode(JSON.stringify(CLAIMS));
  const jwt = await new CompactSign(payload).setProtectedHeader({ alg: 'ES256' }).sign(ec.privateKey);
  const fact = await w.judge(jwt);
  assert.match(
    fact.ok && fact.principal.binding.kind === 'jwt' ? fact.principal.binding.jwk_id : '',
    /^[\w-]{43}$/,
  );
  const two = await world(t, {}, [anonymous, signingKey('ec', 'x').jwk]);
  assert.equal(await problem(two, jwt), 'IDENTITY_SIGNATURE');
});

test('a token has one spelling: bits that lenient decoders drop are not accepted', async (t) => {
  const w = await world(t);
  const jwt = await token(ed, 'EdDSA');
  assert.equal(await problem(w, jwt), 'none');
  // 64 bytes end in a letter of which only the first two bits count.
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const next = letters[letters.indexOf(jwt.at(-1) ?? '') + 1] ?? '';
  const other = jwt.slice(0, -1) + next;
  const bytesOf = (text: string) => Buffer.from(text.split('.')[2] ?? '', 'base64url').toString('hex');
  assert.equal(bytesOf(other), bytesOf(jwt));
  assert.equal(await problem(w, other), 'IDENTITY_MALFORMED');
});

test('algorithms: none, symmetric, unlisted, confused', async (t) => {
  const w = await world(t);
  for (const alg of ['none', 'None', 'HS256', 'HS512', 'dir', 'ES256K', '']) {
    assert.equal(await problem(w, raw({ alg, kid: 'rsa-1' })), 'IDENTITY_ALGORITHM', alg);
    assert.equal(await problem(w, raw({ alg, kid: 'rsa-1' }, CLAIMS, '')), 'IDENTITY_ALGORITHM', alg);
  }
  // The classic confusion: the RSA public key used as an HMAC secret.
  const input = `${part({ alg: 'HS256', kid: 'rsa-1' })}.${part(CLAIMS)}`;
  const mac = createHmac('sha256', JSON.stringify(rsa.jwk)).update(input).digest('base64url');
  assert.equal(await problem(w, `${input}.${mac}`), 'IDENTITY_ALGORITHM');
  assert.equal(await problem(w, raw({ alg: 7 })), 'IDENTITY_ALGORITHM');
  assert.equal(await problem(w, raw({})), 'IDENTITY_ALGORITHM');
  // The key says RS256; the same key with another padding is another key.
  assert.equal(await problem(w, await token(rsa, 'PS256')), 'IDENTITY_ALGORITHM');
  // A key id of another family.
  assert.equal(await problem(w, await token(ec, 'ES256', {}, { kid: 'rsa-1' })), 'IDENTITY_ALGORITHM');
  const narrow = await world(t, { algorithms: ['ES256'] });
  assert.equal(await problem(narrow, await token(rsa, 'RS256')), 'IDENTITY_ALGORITHM');
});

test('shared-secret algorithms stay refused even when settings list them, whoever the issuer claims to be', async (t) => {
  const w = await world(t, { algorithms: ['HS256', 'none'] });
  for (const iss of [ISSUER.issuer, 'https://unknown.example']) {
    for (const alg of ['HS256', 'none']) {
      assert.equal(await problem(w, raw({ alg, kid: 'rsa-1' }, { ...CLAIMS, iss })), 'IDENTITY_ALGORITHM');
    }
  }
});

test('header members that bring a key or change the signed bytes', async (t) => {
  const w = await world(t);
  for (const member of [
    { crit: ['exp'] },
    { b64: true },
    { jku: 'https://x' },
    { jwk: stranger.jwk },
    { x5u: 'https://x' },
    { x5c: [] },
  ]) {
    assert.equal(await problem(w, raw({ alg: 'RS256', kid: 'rsa-1', ...member })), 'IDENTITY_ALGORITHM');
  }
});

test('signatures: foreign, flipped, missing, unknown key', async (t) => {
  const w = await world(t);
  assert.equal(await problem(w, await token(stranger, 'RS256')), 'IDENTITY_SIGNATURE');
  assert.equal(await problem(w, await token(rsa, 'RS256', {}, { kid: 'rsa-9' })), 'IDENTITY_SIGNATURE');
  const good = await token(ec, 'ES256');
  const [head, , signature] = good.split('.');
  assert.equal(
    await problem(w, `${head}.${part({ ...CLAIMS, sub: 'admin' })}.${signature}`),
    'IDENTITY_SIGNATURE',
  );
  assert.equal(await problem(w, `${head}.${part(CLAIMS)}.`), 'IDENTITY_SIGNATURE');
  assert.equal(await problem(w, good), 'none');
});

test('claims of a validly signed token', async (t) => {
  const w = await world(t);
  const check = async (claims: object) => problem(w, await token(ed, 'EdDSA', claims));
  assert.equal(await check({ iss: 'https://evil.example' }), 'IDENTITY_ISSUER');
  assert.equal(await check({ iss: undefined }), 'IDENTITY_ISSUER');
  assert.equal(await check({ aud: 'someone-else' }), 'IDENTITY_AUDIENCE');
  assert.equal(await check({ aud: undefined }), 'IDENTITY_AUDIENCE');
  assert.equal(await check({ exp: undefined }), 'IDENTITY_MALFORMED');
  assert.equal(await check({ iat: undefined }), 'IDENTITY_MALFORMED');
  assert.equal(await check({ exp: NOW_S - 30 }), 'IDENTITY_EXPIRED');
  assert.equal(await check({ exp: NOW_S - 29 }), 'none');
  assert.equal(await check({ iat: NOW_S + 31 }), 'IDENTITY_NOT_YET_VALID');
  assert.equal(await check({ nbf: NOW_S + 31 }), 'IDENTITY_NOT_YET_VALID');
  assert.equal(await check({ nbf: NOW_S + 30 }), 'none');
  assert.equal(await check({ iat: NOW_S - 10, exp: NOW_S + 3_591 }), 'IDENTITY_EXPIRED');
  assert.equal(await check({ run: 'Not Valid' }), 'IDENTITY_RUN_INVALID');
  assert.equal(await check({ run: 7 }), 'IDENTITY_RUN_INVALID');
});

test('who a token may speak for is pinned by settings and registry, not by claims', async (t) => {
  const w = await world(t);
  const jwt = await token(rsa, 'RS256', { tenant_id: 'other', agent_id: 'second' });
  assert.equal(await problem(w, jwt, []), 'IDENTITY_UNKNOWN');
  assert.equal(await problem(w, jwt, [{ ...robot, agent_id: 'unlisted' }]), 'IDENTITY_ISSUER');
  assert.equal(await problem(w, jwt, [{ ...robot, tenant_id: 'other' }]), 'IDENTITY_ISSUER');
  assert.equal(
    await problem(w, jwt, [
      { ...robot, subjects: [{ issuer: 'https://other.example', subject: 'sub-robot' }] },
    ]),
    'IDENTITY_UNKNOWN',
  );
  assert.equal(await problem(w, jwt, [{ ...robot, status: 'disabled' }]), 'IDENTITY_DISABLED');
  assert.equal(await problem(w, jwt), 'none');
});

test('broken tokens', async (t) => {
  const w = await world(t);
  const broken = [
    'a.b.c',
    raw('{"alg":"RS256","alg":"none"}'),
    raw('{"alg":"RS256"'),
    raw('[]'),
    raw({ alg: 'RS256', kid: 7 }),
    raw({ alg: 'RS256', kid: 'k'.repeat(513) }),
    raw({ alg: 'RS256' }, '{'),
    raw({ alg: 'RS256' }, '[]'),
    `${part({ alg: 'RS256' })}x.${part(CLAIMS)}.c2ln`,
    `${'a'.repeat(20_000)}.b.c`,
  ];
  for (const jwt of broken) assert.equal(await problem(w, jwt), 'IDENTITY_MALFORMED', jwt.slice(0, 80));
});
