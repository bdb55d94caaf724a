import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCredential, proxyUrlFor } from '../../../src/clients/credential.ts';

const KEY = 'cgk_abc123';

test('every form that commands write is read', () => {
  const bot = { agent_id: 'bot', api_key: KEY };
  const forms: readonly (readonly [string, string | undefined])[] = [
    [`${KEY}\n`, 'bot'],
    [`bot:${KEY}\n`, undefined],
    [`bot:${KEY}`, 'bot'],
    [JSON.stringify(bot), undefined],
    [
      JSON.stringify({
        agents: [
          { agent_id: 'other', api_key: 'cgk_x' },
          { ...bot, allowed_hosts: [] },
        ],
      }),
      'bot',
    ],
    [JSON.stringify({ agents: [bot] }), undefined],
  ];
  for (const [text, agent] of forms)
    assert.deepEqual(parseCredential(text, agent), { ok: true, value: bot }, text);
  const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln';
  assert.deepEqual(parseCredential(token, 'bot'), { ok: true, value: { agent_id: 'bot', api_key: token } });
});

test('problems say what is missing', () => {
  const problem = (text: string, agent?: string) => {
    const parsed = parseCredential(text, agent);
    assert.ok(!parsed.ok, text);
    return parsed.problem;
  };
  assert.match(problem(KEY), /add --agent/);
  assert.match(problem(`bot:${KEY}`, 'other'), /no credential of agent 'other'/);
  assert.match(problem(''), /no credential in it/);
  assert.match(problem('{"agents": 7}'), /no credential in it/);
  assert.match(problem('x'.repeat(70_000)), /more than 65536 bytes/);
});

test('hostile text never gets into a URL or a message', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 200 }),
      fc.option(fc.constantFrom('bot', 'a.b'), { nil: undefined }),
      (text, agent) => {
        const parsed = parseCredential(`${text}@SECRET`, agent);
        assert.ok(!parsed.ok, 'a key holds no @');
        assert.ok(!parsed.problem.includes('SECRET'), 'the text is not repeated');
      },
    ),
  );
  for (const text of [
    'bot:cgk_a b',
    'bot:cgk_a\ncgk_b',
    'bo t:cgk_a',
    'Bot:cgk_a',
    '{"agent_id":"b","api_key":"cgk_@"}',
  ]) {
    assert.ok(!parseCredential(text, undefined).ok, text);
  }
});

test('the proxy URL carries the pair that the gateway reads', () => {
  const url = new URL(proxyUrlFor('http://[::1]:3128', { agent_id: 'bot', api_key: KEY }));
  assert.deepEqual([url.username, url.password, url.host], ['bot', KEY, '[::1]:3128']);
  assert.equal(proxyUrlFor('http://127.0.0.1:3128', undefined), 'http://127.0.0.1:3128');
});
