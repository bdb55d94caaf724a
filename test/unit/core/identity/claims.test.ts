import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgeTimes, readClaims } from '../../../../src/core/identity/claims.ts';

const rules = {
  issuer: 'https://idp.example',
  audiences: ['clawgress', 'other'],
  leeway_s: 30,
  max_lifetime_s: 3_600,
};
const claims = { iss: 'https://idp.example', aud: 'clawgress', sub: 'agent-1', iat: 1_000, exp: 1_300 };
const read = (change: Record<string, unknown>) => {
  const result = readClaims({ ...claims, ...change }, rules);
  return result.ok ? 'ok' : result.problem;
};

test('claims that hold', () => {
  assert.deepEqual(readClaims(claims, rules), {
    ok: true,
    value: { subject: 'agent-1', times: { iat: 1_000, exp: 1_300 } },
  });
  assert.equal(read({ aud: ['x', 'other'] }), 'ok');
  assert.equal(read({ iat: 1_000.5, nbf: 999.25 }), 'ok');
  assert.equal(read({ exp: 1_000 + 3_600 }), 'ok');
  assert.equal(read({ extra: { deep: [1.5] } }), 'ok');
});

test('claims that do not hold', () => {
  for (const iss of [
    undefined,
    '',
    'https://idp.example/',
    'https://evil.example',
    ['https://idp.example'],
    1,
  ]) {
    assert.equal(read({ iss }), 'IDENTITY_ISSUER');
  }
  for (const aud of [
    undefined,
    '',
    'Clawgress',
    'clawgress ',
    [],
    ['x'],
    [['clawgress']],
    { clawgress: 1 },
    null,
  ]) {
    assert.equal(read({ aud }), 'IDENTITY_AUDIENCE');
  }
  assert.equal(read({ aud: [...new Array(64).fill('x'), 'clawgress'] }), 'IDENTITY_AUDIENCE');
  for (const sub of [undefined, '', 7, null, 'x'.repeat(513)])
    assert.equal(read({ sub }), 'IDENTITY_MALFORMED');
  for (const time of ['1300', null, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300, {}]) {
    assert.equal(read({ exp: time }), 'IDENTITY_MALFORMED');
    assert.equal(read({ iat: time }), 'IDENTITY_MALFORMED');
    assert.equal(read({ nbf: time }), 'IDENTITY_MALFORMED');
  }
  assert.equal(read({ exp: undefined }), 'IDENTITY_MALFORMED');
  assert.equal(read({ iat: undefined }), 'IDENTITY_MALFORMED');
  assert.equal(read({ exp: 1_000 + 3_601 }), 'IDENTITY_EXPIRED');
});

test('times at both sides of each border', () => {
  const times = { iat: 1_000, exp: 1_300, nbf: 1_100 };
  assert.equal(judgeTimes(times, rules, 1_069), 'IDENTITY_NOT_YET_VALID');
  assert.equal(judgeTimes(times, rules, 1_070), undefined);
  assert.equal(judgeTimes(times, rules, 1_329), undefined);
  assert.equal(judgeTimes(times, rules, 1_330), 'IDENTITY_EXPIRED');
  assert.equal(judgeTimes({ iat: 1_000, exp: 1_300 }, rules, 969), 'IDENTITY_NOT_YET_VALID');
  assert.equal(judgeTimes({ iat: 1_000, exp: 1_300, nbf: 0 }, rules, 969), 'IDENTITY_NOT_YET_VALID');
});

test('a token that ended before it began was never valid', () => {
  for (const now of [900, 969, 970, 1_000, 1_030]) {
    assert.notEqual(judgeTimes({ iat: 1_000, exp: 900 }, rules, now), undefined);
  }
});

test('no leeway beyond a minute, whatever the settings say', () => {
  const generous = { ...rules, leeway_s: 86_400 };
  assert.equal(judgeTimes({ iat: 1_000, exp: 1_300 }, generous, 1_359), undefined);
  assert.equal(judgeTimes({ iat: 1_000, exp: 1_300 }, generous, 1_360), 'IDENTITY_EXPIRED');
});

test('no claims make it throw', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.anything()),
      (any) => void readClaims({ ...claims, ...any }, rules),
    ),
  );
});
