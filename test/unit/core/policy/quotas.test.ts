/** Promise: an agent is told of exactly the limits that can count it, by the buckets that its requests are charged to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUOTAS_MAX } from '../../../../src/core/policy/quotas.ts';
import type { Limit } from '../../../../src/gen/policy_document.ts';
import { limitsOf, principalOf, requestOf } from './sample.ts';

const AGENT = principalOf({ agent_id: 'bot', team_id: 'payments' });
const asked = (...limits: Limit[]) => limitsOf(...limits).policy.quotas(AGENT);

test('limits of others are left out', () => {
  const found = asked(
    { id: 'mine', per: 'agent', rps: 5 },
    { id: 'named', per: 'team', rpm: 60, match: { agent: { agent_id: ['bot'] } } },
    { id: 'theirs', per: 'agent', rps: 5, match: { agent: { agent_id: ['other'] } } },
    { id: 'elsewhere', per: 'agent', rps: 5, match: { agent: { agent_id: ['bot'], team_id: ['other'] } } },
  );
  assert.deepEqual(
    found.map(({ op, per, match }) => [op.limit_id, per, match]),
    [
      ['mine/rps', 'agent', undefined],
      ['named/rpm', 'team', undefined],
    ],
  );
});

test('the buckets are those that requests are charged to', () => {
  const limits: Limit[] = [
    { id: 'both', per: 'agent', rps: 5, rpm: 60 },
    { id: 'team', per: 'team', rps: 3, mode: 'alert_only' },
  ];
  const { policy } = limitsOf(...limits);
  const charged = policy.limits(requestOf({ url: 'https://api.example.com/' }), AGENT).map(({ op }) => op);
  assert.deepEqual(
    policy.quotas(AGENT).map(({ op }) => op),
    charged,
  );
});

test('a narrower limit says what it counts', () => {
  const [found] = asked({
    id: 'narrow',
    per: 'agent',
    rps: 5,
    match: {
      agent: { agent_id: ['bot'] },
      destination: { hosts: ['*.example.com', 'a.example'], ports: [443], schemes: ['https'] },
      methods: ['POST'],
      path_prefixes: ['/v1'],
    },
  });
  assert.deepEqual(found?.match, {
    hosts: ['*.example.com', 'a.example'],
    ports: [443],
    schemes: ['https'],
    methods: ['POST'],
    path_prefixes: ['/v1'],
  });
  assert.deepEqual(JSON.parse(JSON.stringify(found?.match)), found?.match, 'plain JSON');
});

test('long lists are cut, and so is the list of limits', () => {
  const hosts = Array.from({ length: 50 }, (_, i) => `h${String(i).padStart(2, '0')}.example`);
  const [found] = asked({ id: 'l', per: 'agent', rps: 5, match: { destination: { hosts } } });
  assert.deepEqual(found?.match?.['hosts'], [...hosts.slice(0, 20), 'and 30 more']);
  const many = Array.from({ length: QUOTAS_MAX + 5 }, (_, i): Limit => {
    const match = { destination: { hosts: [`h${i}.example`] } };
    return { id: `l${i}`, per: 'agent', rps: 5, match };
  });
  assert.equal(asked(...many).length, QUOTAS_MAX);
});
