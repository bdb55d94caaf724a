/** Promise: a question to the gateway about oneself has one spelling; anything else is judged, and never allowed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RawRequest } from '../../../../src/core/request/egress_request.ts';
import { normalise } from '../../../../src/core/request/normalise.ts';
import { selfQuestion } from '../../../../src/core/request/self_question.ts';

const PORTS = [3128, 8088];
const ID = '0190a000-0000-7000-8000-00000000abcd';

function raw(facts: Partial<RawRequest> = {}): RawRequest {
  return {
    mode: 'base_url',
    method: 'GET',
    authority: '127.0.0.1:8088',
    path: '/_clawgress/whoami',
    scheme: 'https',
    headers: [],
    ...facts,
  };
}

const proxied = (facts: Partial<RawRequest> = {}) =>
  raw({ mode: 'explicit', scheme: 'http', authority: 'clawgress.internal', ...facts });

test('the three questions, on the base URL and through the proxy', () => {
  for (const at of [raw, proxied]) {
    assert.deepEqual(selfQuestion(at(), PORTS), { kind: 'whoami' });
    assert.deepEqual(selfQuestion(at({ path: '/_clawgress/quota' }), PORTS), { kind: 'quota' });
    const why = selfQuestion(at({ path: `/_clawgress/why/${ID}` }), PORTS);
    assert.deepEqual(why, { kind: 'why', receipt_id: ID });
  }
  for (const authority of ['gateway.corp:8088', 'clawgress.internal', 'clawgress.internal:80', '[::1]:8088'])
    assert.ok(selfQuestion(raw({ authority }), PORTS), authority);
  assert.ok(selfQuestion(proxied({ authority: 'clawgress.internal:80' }), PORTS), 'the port of the scheme');
});

test('who does not name the gateway asks somebody else', () => {
  for (const authority of [
    'api.example',
    '127.0.0.1',
    'clawgress.internal.',
    'x.clawgress.internal',
    'clawgress.internal:443',
  ])
    assert.equal(selfQuestion(raw({ authority }), PORTS), undefined, authority);
  for (const authority of ['127.0.0.1:3128', 'clawgress.internal:3128', 'localhost:8088'])
    assert.equal(selfQuestion(proxied({ authority }), PORTS), undefined, authority);
  for (const mode of ['intercepted', 'transparent'] as const)
    assert.equal(selfQuestion(raw({ mode, authority: 'clawgress.internal' }), PORTS), undefined, mode);
});

test('other methods, bodies, upgrades and contradictions are no questions', () => {
  for (const method of ['POST', 'HEAD', 'get', 'CONNECT', 'OPTIONS'])
    assert.equal(selfQuestion(raw({ method }), PORTS), undefined, method);
  for (const [name, value] of [
    ['content-length', '1'],
    ['transfer-encoding', 'chunked'],
    ['upgrade', 'websocket'],
    ['connection', 'upgrade'],
    ['host', 'api.example'],
  ] as const)
    assert.equal(selfQuestion(raw({ headers: [{ name, value }] }), PORTS), undefined, name);
});

test('a path that is not exactly a question is none', () => {
  const pieces = [
    '/',
    '_clawgress',
    'whoami',
    'quota',
    'why',
    ID,
    '..',
    '.',
    '%2e',
    '%2f',
    ';',
    '?',
    '#',
    'A',
    '\\',
    ' ',
  ];
  const path = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(''));
  const questions = new Set(['/_clawgress/whoami', '/_clawgress/quota', `/_clawgress/why/${ID}`]);
  fc.assert(
    fc.property(path, fc.constantFrom(raw, proxied), (spelled, at) => {
      const asked = selfQuestion(at({ path: spelled }), PORTS);
      assert.equal(asked !== undefined, questions.has(spelled), spelled);
    }),
    { examples: [...questions].map((one) => [one, raw]) },
  );
});

test('whatever is addressed to the reserved name has no canonical form, so no policy can allow it', () => {
  const label = fc.constantFrom('', 'a.', 'api.', 'xn--a.');
  const port = fc.constantFrom('', ':80', ':443', ':8443');
  const modes = fc.constantFrom('explicit', 'base_url', 'intercepted', 'transparent', 'to', 'connect');
  fc.assert(
    fc.property(label, port, modes, fc.webPath(), (prefix, suffix, how, path) => {
      const authority = `${prefix}clawgress.internal${suffix}`;
      const facts = { authority, path: path.startsWith('/') ? path : `/${path}` };
      const requests: Record<string, RawRequest> = {
        explicit: proxied(facts),
        base_url: raw(facts),
        intercepted: raw({
          ...facts,
          mode: 'intercepted',
          tunnel: { authority: `${prefix}clawgress.internal:443` },
        }),
        transparent: raw({
          ...facts,
          mode: 'transparent',
          transparent: { original: { address: '192.0.2.1', port: 443 }, carries: 'http' },
        }),
        to: raw({ path: `/_to/${authority}/x` }),
        connect: proxied({
          method: 'CONNECT',
          path: '',
          scheme: '',
          authority: `${prefix}clawgress.internal:443`,
        }),
      };
      const request = requests[how];
      assert.ok(request, how);
      const normal = normalise(request, { ports: PORTS });
      assert.equal(normal.ok, false, `${how} ${authority}`);
      if (!normal.ok && prefix !== 'xn--a.')
        assert.equal(normal.problem, 'DESTINATION_SELF', `${how} ${authority}`);
    }),
  );
});

test('transparent TLS to the reserved name is denied as such', () => {
  const transparent = {
    original: { address: '192.0.2.1', port: 443 },
    carries: 'tls',
    sni: 'clawgress.internal',
  } as const;
  const request = raw({
    mode: 'transparent',
    method: 'CONNECT',
    path: '',
    authority: 'clawgress.internal:443',
    transparent,
  });
  const normal = normalise(request, { ports: PORTS });
  assert.deepEqual(normal, { ok: false, problem: 'DESTINATION_SELF' });
});
