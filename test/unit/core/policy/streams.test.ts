import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compilePolicySet } from '../../../../src/core/policy/compile.ts';
import { explain } from '../../../../src/core/policy/explain.ts';
import type { Exception, Match, Rule } from '../../../../src/gen/policy_document.ts';
import { agents, documents, requests } from './random_policy.ts';
import { compiled, documentOf, principalOf, requestOf, rulesOf } from './sample.ts';

const HOST = { hosts: ['api.example.com'] as [string] };
const URL_OF = 'https://api.example.com/live';
const SOCKET = { url: URL_OF, protocol: 'websocket' as const };
const CALL = { url: URL_OF, protocol: 'grpc' as const };
const allow = (id: string, match: Match = {}, parts: Partial<Rule> = {}): Rule => ({
  ...{ id, action: 'allow' },
  match: { destination: HOST, ...match },
  ...parts,
});
const kind = (name: 'http' | 'connect' | 'tcp' | 'websocket' | 'grpc'): Match => ({
  protocol: { kind: name },
});
const plain = allow('plain');
const socket = allow('socket', kind('websocket'));
const deny = (match: Match): Rule => ({ id: 'no', action: 'deny', match });

function said(sample: Parameters<typeof requestOf>[0], ...rules: Rule[]): string {
  const { live } = rulesOf(...rules).policy.evaluate(requestOf(sample), principalOf());
  return [live.reason, live.rule_id ?? '-'].join(' ');
}

describe('a WebSocket', () => {
  it('is granted by its own kind alone', () => {
    assert.equal(said(SOCKET, socket), 'POLICY_ALLOW socket');
    assert.equal(said(SOCKET, plain, socket), 'POLICY_ALLOW socket');
    assert.equal(said(SOCKET, plain), 'UPGRADE_NOT_ALLOWED plain');
    assert.equal(said(SOCKET, allow('http', kind('http'))), 'UPGRADE_NOT_ALLOWED http');
    for (const other of ['grpc', 'connect', 'tcp'] as const)
      assert.equal(said(SOCKET, allow(other, kind(other))), 'POLICY_NO_MATCH -', other);
    assert.equal(said(SOCKET, allow('posts', { methods: ['POST'] })), 'POLICY_NO_MATCH -');
    assert.equal(said({ url: URL_OF }, socket), 'POLICY_NO_MATCH -');
    assert.equal(said(CALL, socket), 'POLICY_NO_MATCH -');
  });

  it('is asked for its path like a request', () => {
    const below = allow('below', { ...kind('websocket'), path_prefixes: ['/live'] });
    assert.equal(said(SOCKET, below), 'POLICY_ALLOW below');
    assert.equal(said({ ...SOCKET, url: 'https://api.example.com/lively' }, below), 'POLICY_NO_MATCH -');
    const twice = { ...SOCKET, url: 'https://api.example.com/x/../live' };
    assert.equal(said(twice, below, plain), 'PATH_AMBIGUOUS below');
    const masked = { ...SOCKET, headers: ['x-http-method'] };
    assert.equal(said(masked, below), 'OVERRIDE_HEADER below');
  });

  it('dodges no rule against requests, and no limit or observer of them', () => {
    const matches: readonly Match[] = [{}, kind('http'), kind('websocket'), { path_prefixes: ['/live'] }];
    for (const match of matches) assert.equal(said(SOCKET, socket, deny(match)), 'POLICY_DENY no');
    for (const other of ['grpc', 'connect', 'tcp'] as const)
      assert.equal(said(SOCKET, socket, deny(kind(other))), 'POLICY_ALLOW socket', other);
    const limit = (id: string, match: Match) => ({ id, per: 'agent' as const, rps: 5, match });
    const all = (['http', 'websocket', 'grpc', 'connect', 'tcp'] as const).map((one) =>
      limit(one, kind(one)),
    );
    const watching = all.map(({ id, match }): Rule => ({ id: `w-${id}`, action: 'alert', match }));
    const { policy } = compiled(documentOf({ rules: [socket, ...watching], limits: all }));
    const [request, who] = [requestOf(SOCKET), principalOf()];
    const counted = policy.limits(request, who).map(({ denial }) => denial.rule_id);
    assert.deepEqual(counted, ['http', 'websocket']);
    assert.deepEqual(policy.evaluate(request, who).observed_by, ['w-http', 'w-websocket']);
  });

  it('may be in any tunnel that nobody looks into', () => {
    const AT = { connect: 'api.example.com:443' };
    for (const one of ['websocket', 'grpc'] as const) {
      assert.equal(said(AT, allow('out', kind('connect')), deny(kind(one))), 'TUNNEL_OPAQUE no');
      assert.equal(said(AT, allow('raw', kind('tcp')), deny(kind(one))), 'TUNNEL_OPAQUE no');
      const inside = allow('in', {}, { tls: 'intercept' });
      assert.equal(said(AT, inside, deny(kind(one))), 'POLICY_ALLOW in');
      assert.equal(said(AT, allow('in', kind(one), { tls: 'intercept' })), 'POLICY_ALLOW in');
      assert.equal(said(AT, allow('s', kind(one))), 'TUNNEL_OPAQUE s');
    }
  });

  it('needs its kind in every ceiling and exception', () => {
    const outcome = (above: Rule, except?: Match): string => {
      const parent = documentOf({ id: 'org', ceiling: true, rules: [above, ...(except ? [deny({})] : [])] });
      const exceptions: Exception[] = except
        ? [
            {
              id: 'x',
              to: 'org/no',
              match: { destination: HOST, ...except },
              reason: 'asked',
              expires: '2030-01-01T00:00:00Z',
            },
          ]
        : [];
      const child = documentOf({
        ...{ inherits: ['org'], rules: [socket] },
        ...(except ? { exceptions: exceptions as [Exception] } : {}),
      });
      const source = (document: object) => ({ file: 'sample.json', text: JSON.stringify(document) });
      const set = compilePolicySet({ entry: source(child), others: [source(parent)], trust: 'signed' });
      assert.ok(set.ok, JSON.stringify(set));
      const { live } = set.value.policy.evaluate(requestOf(SOCKET), principalOf(), 0);
      return [live.reason, live.rule_id ?? '-'].join(' ');
    };
    assert.equal(outcome(socket), 'POLICY_ALLOW socket');
    assert.equal(outcome(plain), 'UPGRADE_NOT_ALLOWED org/plain');
    assert.equal(outcome(allow('c', kind('grpc'))), 'POLICY_CEILING -');
    assert.equal(outcome(socket, kind('websocket')), 'POLICY_ALLOW socket');
    assert.equal(outcome(socket, {}), 'POLICY_DENY org/no');
  });
});

describe('a gRPC call', () => {
  it('is granted by rules about requests and by its own kind, and denied by both', () => {
    for (const match of [{}, kind('http'), kind('grpc')]) {
      assert.equal(said(CALL, allow('a', match)), 'POLICY_ALLOW a');
      assert.equal(said(CALL, plain, deny(match)), 'POLICY_DENY no');
    }
    assert.equal(said({ url: URL_OF, method: 'POST' }, allow('a', kind('grpc'))), 'POLICY_NO_MATCH -');
  });
});

describe('caps', () => {
  const capped = (id: string, stream: Rule['stream'], parts: Partial<Rule> = {}): Rule =>
    allow(id, kind('websocket'), { ...parts, ...(stream ? { stream } : {}) });
  const of = (sample: Parameters<typeof requestOf>[0], ...rules: Rule[]) =>
    rulesOf(...rules).policy.evaluate(requestOf(sample), principalOf()).live.stream;

  it('of all matching rules hold, the smallest of each, and block before observe', () => {
    assert.equal(of(SOCKET, socket), undefined);
    assert.deepEqual(of(SOCKET, socket, capped('a', { max_bytes: 9 })), { max_bytes: 9 });
    const stream = of(
      SOCKET,
      capped('a', { max_bytes: 9, max_seconds: 5 }),
      capped('b', { max_bytes: 7, max_message_bytes: 3 }, { frames: 'observe', priority: 9 }),
      capped('c', { max_seconds: 6 }, { frames: 'block' }),
      capped('d', undefined, { frames: 'observe' }),
    );
    assert.deepEqual(stream, { max_bytes: 7, max_seconds: 5, max_message_bytes: 3, frames: 'block' });
  });

  it('of rules that are off, in shadow, or about something else do not', () => {
    const rules = [
      socket,
      capped('off', { max_bytes: 1 }, { enabled: false }),
      capped('shade', { max_bytes: 2 }, { shadow: true }),
      {
        ...capped('elsewhere', { max_bytes: 3 }),
        match: { ...kind('websocket'), destination: { hosts: ['b.example'] } },
      },
      allow('calls', kind('grpc'), { stream: { max_bytes: 4 } }),
    ] as Rule[];
    assert.equal(of(SOCKET, ...rules), undefined);
    const { shadow } = rulesOf(...rules).policy.evaluate(requestOf(SOCKET), principalOf());
    assert.deepEqual(shadow.stream, { max_bytes: 2 });
    assert.deepEqual(of(CALL, plain, ...rules), { max_bytes: 4 });
    assert.equal(of({ url: URL_OF }, plain, ...rules), undefined);
  });

  it('stay on a stream whose spelling slips past the rule that has them', () => {
    const twice = { ...SOCKET, url: 'https://api.example.com/x/../live' };
    const small = capped('small', { max_bytes: 5 });
    assert.deepEqual(of(twice, small, { ...socket, path: 'raw' }), { max_bytes: 5 });
  });

  it('of every ceiling hold', () => {
    const source = (document: object) => ({ file: 'sample.json', text: JSON.stringify(document) });
    const top = documentOf({
      id: 'top',
      ceiling: true,
      rules: [capped('a', { max_bytes: 5, max_seconds: 9 })],
    });
    const child = documentOf({
      inherits: ['top'],
      rules: [capped('b', { max_bytes: 9 }, { frames: 'observe' })],
    });
    const set = compilePolicySet({ entry: source(child), others: [source(top)], trust: 'local' });
    assert.ok(set.ok, JSON.stringify(set));
    const { live } = set.value.policy.evaluate(requestOf(SOCKET), principalOf());
    assert.deepEqual(live.stream, { max_bytes: 5, max_seconds: 9, frames: 'observe' });
    assert.equal(live.rule_id, 'b');
  });

  it('never stand on a CONNECT or on a denial', () => {
    const inside = capped('in', { max_bytes: 5 }, { tls: 'intercept' });
    assert.equal(of({ connect: 'api.example.com:443' }, inside), undefined);
    assert.equal(of(SOCKET, inside, deny({})), undefined);
    const twice = { ...SOCKET, url: 'https://api.example.com/x/../live' };
    assert.equal(of(twice, inside), undefined);
  });
});

describe('a transparent connection', () => {
  const open = (sample: Parameters<typeof requestOf>[0], ...rules: Rule[]): string => {
    const { live } = rulesOf(...rules).policy.evaluate(requestOf(sample), principalOf());
    return [live.tunnel ?? live.reason, live.rule_id ?? '-'].join(' ');
  };
  const ADDRESS = { destination: { hosts: ['192.0.2.7'] as [string] } };
  const BYTES = { connect: '192.0.2.7:5432', transparent: '192.0.2.7:5432' };

  it('of other bytes passes by kind: tcp alone, and not where something stricter opens it', () => {
    const raw = allow('raw', { ...kind('tcp'), ...ADDRESS });
    const opaque = allow('out', { ...kind('connect'), ...ADDRESS });
    const inside = allow('in', ADDRESS, { tls: 'intercept' });
    assert.equal(open(BYTES, raw), 'raw raw');
    assert.equal(open(BYTES, opaque), 'TUNNEL_OPAQUE out');
    assert.equal(open(BYTES, inside), 'TUNNEL_OPAQUE in');
    assert.equal(open(BYTES, raw, opaque), 'TUNNEL_OPAQUE out');
    assert.equal(
      open(BYTES, allow('any', { ...kind('tcp'), destination: { any_host: true } })),
      'POLICY_NO_MATCH -',
    );
    assert.equal(open(BYTES, raw, deny(kind('connect'))), 'POLICY_DENY no');
    // The same on the way through the proxy, where nobody knows yet what comes.
    assert.equal(open({ connect: BYTES.connect }, opaque), 'passthrough out');
  });

  it('is explained as it is judged', () => {
    const told = explain(rulesOf(allow('out', { ...kind('connect'), ...ADDRESS })), BYTES, principalOf());
    assert.ok(told.ok, 'the sample is a request');
    const { outcome, request } = told.value;
    assert.deepEqual([outcome.reason, request.original_destination], ['TUNNEL_OPAQUE', '192.0.2.7:5432']);
  });

  it('gets the verdict of any other way in that shows as much', () => {
    let compared = 0;
    fc.assert(
      fc.property(documents, fc.array(fc.tuple(requests, agents), { minLength: 12 }), (document, asked) => {
        const { policy } = compiled(document);
        for (const [request, agent] of asked) {
          if (request.mode !== 'transparent' || request.visibility === 'authority') continue;
          compared += 1;
          const { original_destination: _original, sni: _sni, ...rest } = request;
          const isTls = request.protocol === 'connect';
          const elsewhere = isTls
            ? ({ ...rest, mode: 'connect', visibility: 'authority' } as const)
            : ({ ...rest, mode: 'base_url' } as const);
          const who = principalOf(agent);
          assert.deepEqual(policy.evaluate(request, who), policy.evaluate(elsewhere, who));
        }
      }),
      { numRuns: 60 },
    );
    assert.ok(compared > 60, String(compared));
  });

  it('can be asked for better proof than where it comes from', () => {
    const keyed = allow('keyed', { agent: { auth_type: ['api_key', 'jwt'] } });
    const { policy } = rulesOf(keyed);
    const ask = (auth_type: 'api_key' | 'jwt' | 'source') =>
      policy.evaluate(requestOf({ url: URL_OF }), principalOf({ auth_type })).live.reason;
    assert.deepEqual(
      [ask('api_key'), ask('jwt'), ask('source')],
      ['POLICY_ALLOW', 'POLICY_ALLOW', 'POLICY_NO_MATCH'],
    );
  });
});

describe('mayReach', () => {
  it('knows names of live allow rules of every kind, and no address', () => {
    const rule = (id: string, hosts: string[], parts: Partial<Rule> = {}) =>
      allow(id, { destination: { hosts: hosts as [string] } }, parts);
    const { policy } = rulesOf(
      rule('a', ['a.example', '192.0.2.1', '2001:db8::1']),
      { ...rule('w', ['*.b.example']), match: { ...rule('w', ['*.b.example']).match, ...kind('tcp') } },
      rule('off', ['off.example'], { enabled: false }),
      rule('shade', ['shade.example'], { shadow: true }),
      deny({ destination: { hosts: ['no.example'] } }),
      { id: 'watch', action: 'alert', match: { destination: { hosts: ['seen.example'] } } },
    );
    for (const host of ['a.example', 'x.b.example', 'x.y.b.example']) assert.ok(policy.mayReach(host), host);
    for (const host of [
      ...['192.0.2.1', '2001:db8::1', 'b.example', 'A.example', 'a.example.', ''],
      ...['off.example', 'shade.example', 'no.example', 'seen.example', 'other.example'],
    ])
      assert.ok(!policy.mayReach(host), host);
    const anywhere = rulesOf(allow('any', { destination: { any_host: true } })).policy;
    assert.ok(anywhere.mayReach('whatever.example') && !anywhere.mayReach('192.0.2.1'), 'any name');
  });

  it('asks every layer', () => {
    const source = (document: object) => ({ file: 'sample.json', text: JSON.stringify(document) });
    const may = (own: string, above: string) => {
      const rule = (host: string) => [allow('r', { destination: { hosts: [host] } })];
      const set = compilePolicySet({
        entry: source(documentOf({ inherits: ['top'], rules: rule(own) })),
        others: [source(documentOf({ id: 'top', ceiling: true, rules: rule(above) }))],
        trust: 'local',
      });
      assert.ok(set.ok, JSON.stringify(set));
      return set.value.policy.mayReach('api.example.com');
    };
    const [here, below, other] = ['api.example.com', '*.example.com', 'b.example'];
    assert.deepEqual([may(here, below), may(below, here)], [true, true]);
    assert.deepEqual([may(here, other), may(other, below)], [false, false]);
  });

  it('is true for every name that is allowed something', () => {
    let reached = 0;
    fc.assert(
      fc.property(documents, fc.array(fc.tuple(requests, agents), { minLength: 12 }), (document, asked) => {
        const { policy } = compiled(document);
        const live = document.rules.filter(
          ({ enabled, shadow, action }) => enabled !== false && !shadow && action === 'allow',
        );
        for (const [request, agent] of asked) {
          const { host, host_kind } = request;
          const isListed = ({ match }: Rule) =>
            match?.destination?.hosts?.some((one) =>
              one.startsWith('*') ? host.endsWith(one.slice(1)) : one === host,
            ) ?? match?.destination?.any_host === true;
          assert.equal(policy.mayReach(host), host_kind === 'name' && live.some(isListed), host);
          if (policy.evaluate(request, principalOf(agent)).live.verdict !== 'allow' || host_kind !== 'name')
            continue;
          reached += 1;
          assert.ok(policy.mayReach(host), host);
        }
      }),
      { numRuns: 60 },
    );
    assert.ok(reached > 30, String(reached));
  });
});
