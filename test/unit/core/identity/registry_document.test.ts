import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AGENTS_MAX } from '../../../../src/core/identity/agent.ts';
import { parseRegistry } from '../../../../src/core/identity/registry_document.ts';

const hash = (digit: string) => digit.repeat(64);
const key = (digit: string) => ({
  key_id: hash(digit).slice(0, 16),
  sha256: hash(digit),
  created_at: '2026-01-02T03:04:05.678Z',
});
const agent = (id: string, change: object = {}) => ({
  tenant_id: 'default',
  agent_id: id,
  team_id: 'payments',
  project_id: 'refunds',
  environment: 'prod',
  status: 'active',
  api_keys: [],
  subjects: [],
  ...change,
});
const registry = (...agents: object[]) => ({ schema: 'clawgress/registry/v1', agents });
const parse = (document: unknown) => parseRegistry(new TextEncoder().encode(JSON.stringify(document)));
const pointers = (document: unknown) => {
  const result = parse(document);
  return result.ok ? [] : result.problem.map((problem) => problem.pointer);
};

test('a full registry is read as it is', () => {
  const document = registry(
    agent('a', {
      workload_fingerprint: 'sha256:abc',
      api_keys: [
        { ...key('a'), revoked_at: '2026-01-02T03:04:05.678Z', expires_at: '2027-01-02T03:04:05.678Z' },
      ],
      subjects: [{ issuer: 'https://idp.example', subject: 'Ünï' }],
    }),
    agent('b', { status: 'quarantined', api_keys: [key('b'), key('c')] }),
  );
  assert.deepEqual(parse(document), { ok: true, value: document });
  assert.deepEqual(parse(registry()), { ok: true, value: registry() });
});

const mistakes: [string, unknown, string[]][] = [
  ['not an object', [], ['', '/schema', '/agents']],
  ['another schema', { schema: 'clawgress/registry/v2', agents: [] }, ['/schema']],
  ['an unknown member at the top', { ...registry(), extra: 1 }, ['/extra']],
  ['an unknown member of an agent', registry(agent('a', { 'x/y': 1 })), ['/agents/0/x~1y']],
  [
    'an unknown member of a key',
    registry(agent('a', { api_keys: [{ ...key('a'), api_key: 'cgk_x' }] })),
    ['/agents/0/api_keys/0/api_key'],
  ],
  [
    'an agent that is not an object',
    { ...registry(), agents: [agent('a'), 'b'] },
    [
      '/agents/1',
      '/agents/1/tenant_id',
      '/agents/1/agent_id',
      '/agents/1/team_id',
      '/agents/1/project_id',
      '/agents/1/environment',
      '/agents/1/status',
      '/agents/1/api_keys',
      '/agents/1/subjects',
    ],
  ],
  ['an id with capitals', registry(agent('A')), ['/agents/0/agent_id']],
  ['an id that is too long', registry(agent('a'.repeat(65))), ['/agents/0/agent_id']],
  ['an empty environment', registry(agent('a', { environment: '' })), ['/agents/0/environment']],
  ['no environment', registry(agent('a', { environment: undefined })), ['/agents/0/environment']],
  [
    'null for absent',
    registry(agent('a', { workload_fingerprint: null })),
    ['/agents/0/workload_fingerprint'],
  ],
  ['an unknown status', registry(agent('a', { status: 'Active' })), ['/agents/0/status']],
  ['keys that are not a list', registry(agent('a', { api_keys: {} })), ['/agents/0/api_keys']],
  [
    'too many keys',
    registry(
      agent('a', {
        api_keys: Array(33)
          .fill(0)
          .map((_, i) => ({ ...key('a'), sha256: i.toString(16).padStart(64, '0'), key_id: '0'.repeat(16) })),
      }),
    ),
    ['/agents/0/api_keys'],
  ],
  [
    'a hash in capitals',
    registry(agent('a', { api_keys: [{ ...key('a'), sha256: hash('A'), key_id: 'A'.repeat(16) }] })),
    ['/agents/0/api_keys/0/sha256', '/agents/0/api_keys/0/key_id'],
  ],
  [
    'a key id of another hash',
    registry(agent('a', { api_keys: [{ ...key('a'), key_id: 'b'.repeat(16) }] })),
    ['/agents/0/api_keys/0/key_id'],
  ],
  [
    'a time without milliseconds',
    registry(agent('a', { api_keys: [{ ...key('a'), expires_at: '2026-01-02T03:04:05Z' }] })),
    ['/agents/0/api_keys/0/expires_at'],
  ],
  [
    'a time in another zone',
    registry(agent('a', { api_keys: [{ ...key('a'), expires_at: '2026-01-02T03:04:05.678+01:00' }] })),
    ['/agents/0/api_keys/0/expires_at'],
  ],
  [
    'a month that does not exist',
    registry(agent('a', { api_keys: [{ ...key('a'), revoked_at: '2026-13-02T03:04:05.678Z' }] })),
    ['/agents/0/api_keys/0/revoked_at'],
  ],
  [
    'an empty subject',
    registry(agent('a', { subjects: [{ issuer: 'i', subject: '' }] })),
    ['/agents/0/subjects/0/subject'],
  ],
  [
    'the same agent in two tenants',
    registry(agent('a'), agent('a', { tenant_id: 'other' })),
    ['/agents/1/agent_id'],
  ],
  [
    'one key for two agents',
    registry(agent('a', { api_keys: [key('a')] }), agent('b', { api_keys: [key('a')] })),
    ['/agents/1/api_keys/0/sha256'],
  ],
  [
    'one subject for two agents',
    registry(
      agent('a', { subjects: [{ issuer: 'i', subject: 's' }] }),
      agent('b', { subjects: [{ issuer: 'i', subject: 's' }] }),
    ),
    ['/agents/1/subjects/0'],
  ],
];

for (const [name, document, expected] of mistakes) {
  test(`refused: ${name}`, () => assert.deepEqual(pointers(document), expected));
}

test('refused: what is not strict JSON, without quoting it', () => {
  for (const text of ['', '{', '{"schema":"x","schema":"y"}', '\ufeff{}', '{"agents":1.5}', 'cgk_secret']) {
    const result = parseRegistry(new TextEncoder().encode(text));
    assert.ok(!result.ok);
    assert.equal(result.problem.length, 1);
    assert.doesNotMatch(JSON.stringify(result.problem), /cgk_/);
  }
});

test('problems and agents are bounded', () => {
  const bad = registry(...Array.from({ length: 100 }, () => 1).map((_, i) => agent(`A${i}`)));
  assert.equal(pointers(bad).length, 20);
  const many = { schema: 'clawgress/registry/v1', agents: new Array(AGENTS_MAX + 1).fill(0) };
  assert.equal(pointers(many)[0], '/agents');
});

test('any JSON gives a result', () => {
  fc.assert(fc.property(fc.json(), (text) => void parseRegistry(new TextEncoder().encode(text))));
});

test('sources are read as they are, and each stands once in the whole registry', () => {
  const uid = { kind: 'uid', uid: 2001 };
  const cidr = { kind: 'cidr', cidr: '10.92.0.0/24' };
  const good = registry(agent('a', { sources: [uid, cidr] }), agent('b', { sources: [] }));
  assert.deepEqual(parse(good), { ok: true, value: good });
  assert.deepEqual(pointers(registry(agent('a', { sources: [uid] }), agent('b', { sources: [uid] }))), [
    '/agents/1/sources/0',
  ]);
  assert.deepEqual(pointers(registry(agent('a', { sources: [cidr, cidr] }))), ['/agents/0/sources/1']);
  const longer = { kind: 'cidr', cidr: '10.92.0.0/25' };
  assert.deepEqual(
    pointers(registry(agent('a', { sources: [cidr] }), agent('b', { sources: [longer] }))),
    [],
  );
});

test('a source that could be read in two ways is a mistake', () => {
  const first = '/agents/0/sources/0';
  const cases: [unknown, string[]][] = [
    ['uid:2001', [first, `${first}/kind`, `${first}/cidr`]],
    [{ kind: 'uid' }, [`${first}/kind`, `${first}/cidr`]],
    [{ kind: 'cidr', uid: 1 }, [`${first}/kind`]],
    [{ kind: 'uid', uid: 1, cidr: '10.0.0.0/8' }, [`${first}/cidr`]],
    [{ kind: 'uid', uid: -1 }, [`${first}/uid`]],
    [{ kind: 'uid', uid: '1' }, [`${first}/uid`]],
    [{ kind: 'uid', uid: 4_294_967_295 }, [`${first}/uid`]],
    [{ kind: 'cidr', cidr: '10.92.0.1/24' }, [`${first}/cidr`]],
    [{ kind: 'cidr', cidr: '0.0.0.0/0' }, [`${first}/cidr`]],
  ];
  for (const [source, expected] of cases)
    assert.deepEqual(pointers(registry(agent('a', { sources: [source] }))), expected, JSON.stringify(source));
  const many = Array.from({ length: 33 }, (_, uid) => ({ kind: 'uid', uid }));
  assert.deepEqual(pointers(registry(agent('a', { sources: many }))), ['/agents/0/sources']);
});
