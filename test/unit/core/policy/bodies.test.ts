import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BodyFacts } from '../../../../src/core/contract/body_facts.ts';
import type { EgressRequest } from '../../../../src/core/request/egress_request.ts';
import { ok } from '../../../../src/core/result.ts';
import { decide } from '../../../../src/core/verdict/decide.ts';
import { compiled, documentOf, principalOf, requestOf } from './sample.ts';

const HOSTS = { hosts: ['api.example.com'] };
const allow = (parts: object = {}) => ({ id: 'r', action: 'allow', match: { destination: HOSTS }, ...parts });
const schemas = [
  { id: 's', schema: { type: 'object' } },
  { id: 't', schema: { type: 'array' } },
];
const FOUND: BodyFacts = { state: 'complete', bytes: 5, format: 'json' };
const UNKNOWN: BodyFacts = { ...FOUND, ai: { kind: 'unknown', unknown_reason: 'BATCH' } };

function judge(rules: readonly object[], body?: BodyFacts) {
  const { policy } = compiled(documentOf({ schemas, rules } as never));
  const request = requestOf({ method: 'POST', url: 'https://api.example.com/' });
  const asked = ok(body === undefined ? request : { ...request, body });
  return decide(policy, { ok: true, principal: principalOf() }, asked);
}
const said = (rules: readonly object[], body?: BodyFacts) => {
  const { verdict, inspect } = judge(rules, body);
  return `${verdict.verdict} ${verdict.reason}${inspect ? ' inspect' : ''}`;
};

describe('bodies', () => {
  it('waits for the body where a deny rule depends on it', () => {
    const rules = [allow(), { id: 'no', action: 'deny', match: { protocol: { kind: 'llm' } } }];
    assert.equal(said(rules), 'deny BODY_NOT_COMPLETED inspect');
    assert.equal(said(rules, FOUND), 'allow POLICY_ALLOW');
    assert.equal(
      said(rules, { ...FOUND, ai: { kind: 'llm', provider: 'other', endpoint: 'chat' } }),
      'deny POLICY_DENY',
    );
    assert.equal(said(rules, UNKNOWN), 'deny AI_UNREADABLE');
  });

  it('does not believe a content type that takes a call out of every rule about calls', () => {
    const as = (
      path: string,
      rules: readonly object[],
      protocol = 'grpc',
      limits: readonly object[] = [],
    ) => {
      const { policy } = compiled(documentOf({ rules, limits } as never));
      const request = {
        ...requestOf({ method: 'POST', url: 'https://api.example.com/' }),
        path,
        path_normal: path,
        protocol,
      };
      const asked = ok({ ...request, has_body: true } as EgressRequest);
      const { verdict, inspect } = decide(policy, { ok: true, principal: principalOf() }, asked);
      return `${verdict.verdict} ${verdict.reason}${inspect ? ' unread' : ''}`;
    };
    const deny = [allow(), { id: 'no', action: 'deny', match: { protocol: { kind: 'mcp' } } }];
    for (const path of ['/mcp', '/api/chat', '/v1/messages', '/v1.0/chat', '/a.B/c/d', '/a.B/c-d', '/']) {
      assert.equal(as(path, deny), 'deny BODY_NOT_COMPLETED unread', path);
      assert.equal(as(path, [allow()]), 'allow POLICY_ALLOW', path);
      for (const action of ['alert', 'log_only'])
        assert.equal(as(path, [allow(), { ...deny[1], action }]), 'allow POLICY_ALLOW', path);
      assert.equal(as(path, [allow(), { ...deny[1], shadow: true }]), 'allow POLICY_ALLOW', path);
    }
    const budget = { id: 'spend', match: {}, per: 'agent', tokens: 10, window: { sliding: '1d' } };
    const counted = (path: string, parts: object) => as(path, [allow()], 'grpc', [{ ...budget, ...parts }]);
    assert.equal(counted('/api/chat', {}), 'deny BODY_NOT_COMPLETED unread');
    assert.equal(counted('/api/chat', { unknown_price: 'alert' }), 'allow POLICY_ALLOW');
    assert.equal(counted('/shop.Cart/Add', {}), 'allow POLICY_ALLOW');
    for (const path of ['/shop.Cart/Add', '/google.cloud.kms.v1.Keys/List'])
      assert.equal(as(path, deny), 'allow POLICY_ALLOW', path);
    assert.equal(as('/chat', deny, 'websocket').includes('unread'), false);
  });

  it('never takes a call that nobody can read for one that is allowed', () => {
    const rules = [allow({ match: { destination: HOSTS, protocol: { kind: 'llm' } } })];
    assert.equal(said(rules, UNKNOWN), 'deny AI_UNREADABLE');
    assert.equal(said(rules, { ...FOUND, state: 'streamed', bytes: 0 }), 'deny AI_UNREADABLE');
    assert.equal(said(rules, { ...FOUND, problem: { code: 'BOM' } }), 'deny BODY_INVALID');
    assert.equal(said(rules, FOUND), 'deny POLICY_NO_MATCH');
  });

  it('grants nothing to a schema that nobody tried', () => {
    const rules = [allow({ request: { schema: 's' } })];
    const [schema_hash = ''] = judge(rules).inspect?.schemas ?? [];
    assert.equal(said(rules, FOUND), 'deny BODY_NOT_COMPLETED inspect');
    const tried = (is_valid: boolean) => ({ ...FOUND, schemas: [{ schema_hash, is_valid }] });
    assert.equal(said(rules, tried(false)), 'deny SCHEMA_INVALID');
    assert.equal(said(rules, tried(true)), 'allow POLICY_ALLOW');
  });

  it('adds demands up to the strictest', () => {
    const rules = [
      allow({ request: { max_bytes: 5, on_oversize: 'stream' } }),
      allow({ id: 'q', request: { format: 'json', max_bytes: 9, repair: 'once', repair_kinds: ['bom'] } }),
      allow({ id: 'p', request: { schema: 's' } }),
    ];
    const { inspect } = judge(rules);
    assert.deepEqual(
      { ...inspect, schemas: inspect?.schemas.length },
      { format: 'json', schemas: 1, max_bytes: 5, on_oversize: 'deny' },
    );
  });

  it('lets nobody forward bytes that no rule allows to mend', () => {
    const rules = [allow({ request: { format: 'json', repair: 'once', repair_kinds: ['bom'] } })];
    const mended = (kind: 'bom' | 'comment' | 'usage_asked') => ({
      ...FOUND,
      repair: { bytes: 4, edits: [{ kind, offset: 0, removed: 3, inserted: 0 }] },
    });
    assert.equal(said(rules, mended('bom')), 'allow POLICY_ALLOW');
    assert.equal(said(rules, mended('comment')), 'deny BODY_INVALID');
    assert.equal(said(rules, mended('usage_asked')), 'deny BODY_NOT_COMPLETED inspect');
  });

  it('refuses nothing for shadow rules, and says what they would do', () => {
    const rules = [allow(), allow({ id: 'later', shadow: true, request: { schema: 's', max_bytes: 4 } })];
    const { inspect } = judge(rules);
    assert.deepEqual(
      { format: inspect?.format, max_bytes: inspect?.max_bytes, on_oversize: inspect?.on_oversize },
      { format: 'any', max_bytes: 16_777_216, on_oversize: 'scan_prefix' },
    );
    const { verdict } = judge(rules, { ...FOUND, format: 'other' });
    assert.equal(verdict.verdict, 'allow');
    assert.equal(verdict.would_be?.reason, 'BODY_TOO_LARGE');
  });

  it('asks for the way on which answers are read', () => {
    const rules = [allow({ response: { notarize: true } })];
    assert.equal(judge(rules).inspect?.on_oversize, 'scan_prefix');
    assert.equal(judge(rules, FOUND).verdict.response?.notarize, true);
  });

  it('refuses what no receipt could hold', () => {
    const many = Array.from({ length: 9 }, (_, i) => ({ id: `s${i}`, schema: { const: i } }));
    const rules = many.map(({ id }) => allow({ id, request: { schema: id } }));
    const { policy } = compiled(documentOf({ schemas: many, rules } as never));
    const { live } = policy.evaluate(requestOf({ url: 'https://api.example.com/' }), principalOf());
    assert.equal(live.reason, 'RECORD_TOO_LARGE');
  });
});
