import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Rule } from '../../../../src/gen/policy_document.ts';
import { principalOf, requestOf, rulesOf, said } from './sample.ts';

const HOST = { destination: { hosts: ['api.example.com'] } };
const allow = (match: Rule['match'] = HOST, more: Partial<Rule> = {}): Rule => ({
  id: 'yes',
  action: 'allow',
  match: { ...HOST, ...match },
  ...more,
});
const deny = (match: Rule['match'] = {}, more: Partial<Rule> = {}): Rule => ({
  id: 'no',
  action: 'deny',
  match,
  ...more,
});
const url = (path: string) => `https://api.example.com${path}`;

describe('precedence', () => {
  it('denies what no rule allows', () => {
    assert.equal(said([], { url: url('/') }), 'deny POLICY_NO_MATCH -');
  });
  it('lets deny win in either order', () => {
    assert.equal(said([allow(), deny()], { url: url('/') }), 'deny POLICY_DENY no');
    assert.equal(said([deny(), allow()], { url: url('/') }), 'deny POLICY_DENY no');
  });
  it('never lets priority change a verdict', () => {
    assert.equal(said([allow(HOST, { priority: 9 }), deny()], { url: url('/') }), 'deny POLICY_DENY no');
  });
  it('names the rule of the highest priority, then the smallest id', () => {
    const rules = [deny({}, { id: 'b' }), deny({}, { id: 'c', priority: 1 }), deny({}, { id: 'a' })];
    assert.equal(said(rules, { url: url('/') }), 'deny POLICY_DENY c');
    assert.equal(said(rules.slice(0, 1).concat(rules.slice(2)), { url: url('/') }), 'deny POLICY_DENY a');
  });
  it('ignores disabled rules', () => {
    assert.equal(said([allow(), deny({}, { enabled: false })], { url: url('/') }), 'allow POLICY_ALLOW yes');
  });
  it('observes with alert and log_only and never grants', () => {
    const rules: Rule[] = [
      { id: 'watch', action: 'log_only', match: HOST },
      { id: 'alarm', action: 'alert' },
      { id: 'other', action: 'alert', match: { methods: ['POST'] } },
    ];
    const result = rulesOf(...rules).policy.evaluate(requestOf({ url: url('/') }), principalOf());
    assert.equal(result.live.reason, 'POLICY_NO_MATCH');
    assert.deepEqual(result.observed_by, ['alarm', 'watch']);
  });
  it('keeps shadow rules out of the live verdict and in the other one', () => {
    const { policy } = rulesOf(allow(), deny({}, { shadow: true }));
    const { live, shadow } = policy.evaluate(requestOf({ url: url('/') }), principalOf());
    assert.equal(live.verdict, 'allow');
    assert.deepEqual(shadow, { verdict: 'deny', reason: 'POLICY_DENY', rule_id: 'no' });
  });
  it('gives the same object when no shadow rule matches', () => {
    const { policy } = rulesOf(allow(), deny({ methods: ['PUT'] }, { shadow: true }));
    const { live, shadow } = policy.evaluate(requestOf({ url: url('/') }), principalOf());
    assert.equal(live, shadow);
  });
});

describe('hosts', () => {
  const hosts = (...list: string[]) => [allow({ destination: { hosts: list } })];
  const reaches = (list: string[], target: string) =>
    said(hosts(...list), { url: target }).startsWith('allow');

  it('covers one or more labels by a wildcard and not the apex', () => {
    assert.equal(reaches(['*.example.com'], 'https://a.example.com/'), true);
    assert.equal(reaches(['*.example.com'], 'https://a.b.example.com/'), true);
    assert.equal(reaches(['*.example.com'], 'https://example.com/'), false);
    assert.equal(reaches(['*.example.com'], 'https://notexample.com/'), false);
    assert.equal(reaches(['*.example.com'], 'https://a.example.com.evil.test/'), false);
  });
  it('reads international names once, in the compiler', () => {
    assert.equal(reaches(['BÜCHER.example'], 'https://xn--bcher-kva.example/'), true);
  });
  it('reaches an address only when it is listed', () => {
    assert.equal(reaches(['192.0.2.7'], 'https://192.0.2.7/'), true);
    assert.equal(reaches(['2001:db8::1'], 'https://[2001:DB8:0::1]/'), true);
    const any = [allow({ destination: { any_host: true } })];
    assert.equal(said(any, { url: 'https://name.example/' }), 'allow POLICY_ALLOW yes');
    assert.equal(said(any, { url: 'https://192.0.2.7/' }), 'deny POLICY_NO_MATCH -');
    assert.equal(
      said([allow({ destination: { hosts: ['192.0.2.7'] } }), deny()], { url: 'https://192.0.2.7/' }),
      'deny POLICY_DENY no',
    );
  });
  it('compares ports and schemes', () => {
    const rules = [allow({ destination: { hosts: ['api.example.com'], ports: [443], schemes: ['https'] } })];
    assert.equal(said(rules, { url: url('/') }), 'allow POLICY_ALLOW yes');
    assert.equal(said(rules, { url: 'https://api.example.com:8443/' }), 'deny POLICY_NO_MATCH -');
    assert.equal(said(rules, { url: 'http://api.example.com:443/' }), 'deny POLICY_NO_MATCH -');
  });
});

describe('agents', () => {
  it('needs every listed id to hold', () => {
    const rules = [allow({ agent: { team_id: ['t1', 't2'], environment: ['prod'] } })];
    assert.equal(said(rules, { url: url('/') }), 'deny POLICY_NO_MATCH -');
    assert.equal(said(rules, { url: url('/'), agent: { environment: 'prod' } }), 'allow POLICY_ALLOW yes');
    assert.equal(
      said(rules, { url: url('/'), agent: { environment: 'prod', team_id: 't3' } }),
      'deny POLICY_NO_MATCH -',
    );
  });
});

describe('paths', () => {
  const rules = (path_prefixes: string[], more: Partial<Rule> = {}) => [allow({ path_prefixes }, more)];

  it('ends a prefix at a segment border', () => {
    for (const [prefix, path, expected] of [
      ['/v1', '/v1', true],
      ['/v1', '/v1/', true],
      ['/v1', '/v1/x', true],
      ['/v1', '/v1x', false],
      ['/v1', '/v1;x', false],
      ['/v1', '/V1', false],
      ['/v1/', '/v1', false],
      ['/v1/', '/v1/x', true],
      ['/', '/anything', true],
    ] as const) {
      assert.equal(
        said(rules([prefix]), { url: url(path) }).startsWith('allow'),
        expected,
        `${prefix} ${path}`,
      );
    }
  });
  it('never allows past a prefix by dots or escapes', () => {
    for (const path of ['/v1/../admin', '/v1/%2e%2e/admin', '/v1/..;/admin', '/v1//x', '/v1/%2f../x']) {
      assert.equal(said(rules(['/v1']), { url: url(path) }), 'deny PATH_AMBIGUOUS yes', path);
    }
  });
  it('takes no backslash for a segment border', () => {
    assert.equal(said(rules(['/v1']), { url: url('/v1\\..\\x') }), 'deny POLICY_NO_MATCH -');
  });
  it('says PATH_AMBIGUOUS only where the rule would else have matched', () => {
    assert.equal(said(rules(['/v2']), { url: url('/v1/../admin') }), 'deny POLICY_NO_MATCH -');
  });
  it('denies an ambiguous path without prefixes, too', () => {
    assert.equal(said([allow()], { url: url('/a/../b') }), 'deny PATH_AMBIGUOUS yes');
  });
  it('judges the normalised path on rewrite and says so', () => {
    const rewrite = rules(['/v1'], { path: 'rewrite' });
    assert.equal(said(rewrite, { url: url('/x/../v1/y') }), 'allow POLICY_ALLOW yes rewrite');
    assert.equal(said(rewrite, { url: url('/v1/../admin') }), 'deny POLICY_NO_MATCH -');
    assert.equal(said(rewrite, { url: url('/v1/y') }), 'allow POLICY_ALLOW yes');
  });
  it('judges the raw bytes on raw and says so', () => {
    const raw = rules(['/v1'], { path: 'raw' });
    assert.equal(said(raw, { url: url('/v1/../admin') }), 'allow POLICY_ALLOW yes raw');
    assert.equal(said(raw, { url: url('/x/../v1/y') }), 'deny POLICY_NO_MATCH -');
  });
  it('rewrites when one of several allow rules wants it', () => {
    const both = [allow(HOST, { id: 'a', path: 'raw' }), allow(HOST, { id: 'b', path: 'rewrite' })];
    assert.equal(said(both, { url: url('/a/../b') }), 'allow POLICY_ALLOW a rewrite');
    assert.equal(said(both.toReversed(), { url: url('/a/../b') }), 'allow POLICY_ALLOW a rewrite');
  });
  it('denies by any reading of the path', () => {
    const shut = [allow(HOST, { path: 'raw' }), deny({ path_prefixes: ['/admin'] })];
    for (const path of [
      '/admin',
      '/x/../admin',
      '/%61dmin/x',
      '//admin',
      '/admin;v=1',
      '/;x/admin',
      '/admin/../x',
    ]) {
      assert.equal(said(shut, { url: url(path) }), 'deny POLICY_DENY no', path);
    }
    assert.equal(said(shut, { url: url('/administrator') }), 'allow POLICY_ALLOW yes');
  });
});

describe('overrides', () => {
  const restricted = [allow({ methods: ['POST'] })];

  it('stops allow rules that are restricted by method or path', () => {
    const request = { method: 'POST', url: url('/'), headers: ['x-http-method-override'] };
    assert.equal(said(restricted, request), 'deny OVERRIDE_HEADER yes');
    assert.equal(said([allow({ path_prefixes: ['/'] })], request), 'deny OVERRIDE_HEADER yes');
    assert.equal(said([allow()], request), 'allow POLICY_ALLOW yes');
  });
  it('knows the _method parameter, escaped as well', () => {
    assert.equal(
      said(restricted, { method: 'POST', url: url('/?_method=DELETE') }),
      'deny OVERRIDE_HEADER yes',
    );
    assert.equal(
      said(restricted, { method: 'POST', url: url('/?%5fmethod=DELETE') }),
      'deny OVERRIDE_HEADER yes',
    );
  });
  it('cannot be used to dodge a deny rule', () => {
    const rules = [allow(), deny({ methods: ['DELETE'] })];
    const request = { method: 'POST', url: url('/') };
    assert.equal(said(rules, request), 'allow POLICY_ALLOW yes');
    assert.equal(said(rules, { ...request, headers: ['x-method-override'] }), 'deny OVERRIDE_HEADER no');
    assert.equal(said(rules, { ...request, url: url('/?_method=delete') }), 'deny OVERRIDE_HEADER no');
  });
  it('keeps the name of _method in receipts whenever it can matter', () => {
    assert.deepEqual(rulesOf(...restricted).policy.query_names, ['_method']);
    assert.deepEqual(rulesOf(allow({ query: { absent: ['z', 'a'] } })).policy.query_names, ['a', 'z']);
    assert.deepEqual(rulesOf(allow()).policy.query_names, []);
  });
});

describe('query', () => {
  it('wants the listed names absent, decoded', () => {
    const rules = [allow({ query: { absent: ['debug'] } })];
    assert.equal(said(rules, { url: url('/?x=1') }), 'allow POLICY_ALLOW yes');
    assert.equal(said(rules, { url: url('/?x=1&%64ebug') }), 'deny POLICY_NO_MATCH -');
  });
});

describe('tunnels', () => {
  const connect = 'api.example.com:443';

  it('needs an allow rule that names connect', () => {
    assert.equal(said([allow({ protocol: { kind: 'connect' } })], { connect }), 'allow POLICY_ALLOW yes');
    for (const match of [
      {},
      { protocol: { kind: 'http' as const } },
      { methods: ['GET'] },
      { path_prefixes: ['/'] },
    ]) {
      assert.equal(said([allow(match)], { connect }), 'deny TUNNEL_OPAQUE yes', JSON.stringify(match));
    }
    assert.equal(said([allow()], { connect: 'other.example:443' }), 'deny POLICY_NO_MATCH -');
  });
  it('takes nothing for granted that a tunnel hides', () => {
    const kind = { protocol: { kind: 'connect' as const } };
    for (const hidden of [{ methods: ['GET'] }, { path_prefixes: ['/'] }, { query: { absent: ['x'] } }]) {
      assert.equal(said([allow({ ...kind, ...hidden })], { connect }), 'deny TUNNEL_OPAQUE yes');
    }
  });
  it('denies a tunnel that may hold what a deny rule forbids', () => {
    const open = allow({ protocol: { kind: 'connect' } });
    assert.equal(said([open, deny({ methods: ['DELETE'] })], { connect }), 'deny TUNNEL_OPAQUE no');
    assert.equal(said([open, deny({ path_prefixes: ['/admin'] })], { connect }), 'deny TUNNEL_OPAQUE no');
    assert.equal(
      said([open, deny({ destination: { schemes: ['http'] } })], { connect }),
      'deny TUNNEL_OPAQUE no',
    );
    assert.equal(said([open, deny({ destination: { ports: [22] } })], { connect }), 'allow POLICY_ALLOW yes');
    assert.equal(
      said([open, deny({ methods: ['DELETE'], protocol: { kind: 'http' } })], { connect }),
      'allow POLICY_ALLOW yes',
    );
    assert.equal(
      said([open, deny({ methods: ['DELETE'] }), deny({}, { id: 'sure' })], { connect }),
      'deny POLICY_DENY sure',
    );
  });
  it('treats a path that was not recorded as unknown', () => {
    const { path: _path, path_normal: _normal, ...pathless } = requestOf({ url: url('/v1') });
    const judge = (...rules: Rule[]) => rulesOf(...rules).policy.evaluate(pathless, principalOf()).live;
    assert.deepEqual(judge(allow({ path_prefixes: ['/v1'] })), {
      verdict: 'deny',
      reason: 'TUNNEL_OPAQUE',
      rule_id: 'yes',
    });
    assert.deepEqual(judge(allow(), deny({ path_prefixes: ['/v2'] })), {
      verdict: 'deny',
      reason: 'TUNNEL_OPAQUE',
      rule_id: 'no',
    });
  });
});
