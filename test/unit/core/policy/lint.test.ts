import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Limit, Rule } from '../../../../src/gen/policy_document.ts';
import { codes, compiled, documentOf } from './sample.ts';

const HOST = { destination: { hosts: ['api.example.com'] } };

/** So that rules which intercept have nothing else to be warned of. */
const TUNNELS_COUNTED: Limit = {
  ...{ id: 'tunnels-counted', per: 'agent', rps: 5 },
  match: { protocol: { kind: 'connect' } },
};

function warned(rules: Rule[], limits: Limit[] = [TUNNELS_COUNTED]): string[] {
  const { warnings } = compiled(documentOf({ rules, limits }));
  return warnings.map(({ severity, code, pointer }) => {
    assert.equal(severity, 'warning');
    return `${code} ${pointer}`;
  });
}

describe('lint of rules', () => {
  const allow = (id: string, match: Rule['match'] = {}, more: Partial<Rule> = {}): Rule => ({
    id,
    action: 'allow',
    match: { ...HOST, ...match },
    ...more,
  });
  const deny = (id: string, match: Rule['match'] = {}): Rule => ({ id, action: 'deny', match });

  it('has nothing to say about a sound document', () => {
    assert.deepEqual(
      warned([allow('a', { methods: ['GET'] }), deny('d', { path_prefixes: ['/admin'] })]),
      [],
    );
  });
  it('finds methods of MCP without a target beside targets', () => {
    const mcp = (methods: string[]): Rule['match'] => ({
      protocol: { kind: 'mcp', methods, targets: ['search'] },
    });
    assert.deepEqual(warned([allow('a', mcp(['tools/call', 'tools/list', 'initialize']))]), [
      'METHOD_WITHOUT_TARGET /rules/0/match/protocol/methods',
    ]);
    assert.deepEqual(warned([allow('a', mcp(['tools/call', 'resources/read', 'tasks/get']))]), []);
  });
  it('finds an allow that a deny covers, in either order', () => {
    assert.deepEqual(warned([allow('a'), deny('d', { destination: { hosts: ['*.example.com'] } })]), [
      'RULE_SHADOWED /rules/0',
    ]);
    assert.deepEqual(warned([deny('d'), allow('a')]), ['RULE_SHADOWED /rules/1']);
  });
  it('does not call an allow covered by a shadow deny', () => {
    assert.deepEqual(warned([allow('a'), { ...deny('d'), shadow: true }]), []);
  });
  it('finds a rule inside a broader one of its kind', () => {
    assert.deepEqual(warned([allow('a'), allow('b', { methods: ['GET'] })]), ['RULE_UNREACHABLE /rules/1']);
    assert.deepEqual(warned([allow('a', { agent: { agent_id: ['x'] } }), allow('b')]), [
      'RULE_UNREACHABLE /rules/0',
    ]);
    assert.deepEqual(warned([deny('a', { path_prefixes: ['/a/b'] }), deny('b', { path_prefixes: ['/a'] })]), [
      'RULE_UNREACHABLE /rules/0',
    ]);
  });
  it('names one of two equal rules: the one that receipts do not name', () => {
    assert.deepEqual(warned([allow('b'), allow('a')]), ['RULE_UNREACHABLE /rules/0']);
    assert.deepEqual(warned([allow('b', {}, { priority: 1 }), allow('a')]), ['RULE_UNREACHABLE /rules/1']);
  });
  it('does not confuse path modes and tunnels with broader rules', () => {
    assert.deepEqual(warned([allow('a'), allow('b', {}, { path: 'raw' })]), []);
    assert.deepEqual(warned([allow('a'), allow('b', { protocol: { kind: 'connect' } })]), []);
    assert.deepEqual(
      warned([
        allow('a', { destination: { any_host: true } }),
        allow('b', { destination: { hosts: ['192.0.2.1'] } }),
      ]),
      [],
    );
  });
  it('finds rules that can never match', () => {
    const tunnel = { protocol: { kind: 'connect' as const } };
    assert.deepEqual(warned([allow('a', { ...tunnel, methods: ['GET'] })]), [
      'RULE_NEVER_MATCHES /rules/0/match',
    ]);
    assert.deepEqual(
      warned([allow('a', { ...tunnel, destination: { hosts: ['a.example'], schemes: ['https'] } })]),
      ['RULE_NEVER_MATCHES /rules/0/match'],
    );
    assert.deepEqual(warned([allow('a', { destination: { hosts: ['a.example'], schemes: ['tcp'] } })]), [
      'RULE_NEVER_MATCHES /rules/0/match',
    ]);
    assert.deepEqual(warned([deny('a', { ...tunnel, methods: ['GET'] })]), [
      'PREDICATE_WITHOUT_EFFECT /rules/0/match',
    ]);
  });
  it('finds tls that opens nothing', () => {
    const tunnel = { protocol: { kind: 'connect' as const } };
    assert.deepEqual(warned([allow('a', tunnel, { tls: 'deny' })]), ['TLS_WITHOUT_EFFECT /rules/0/tls']);
    assert.deepEqual(warned([allow('a', {}, { tls: 'deny' })]), []);
    const http = { destination: { hosts: ['a.example'], schemes: ['http' as const] } };
    assert.deepEqual(warned([allow('a', http as Rule['match'], { tls: 'intercept' })]), [
      'TLS_WITHOUT_EFFECT /rules/0/tls',
    ]);
  });
  it('finds opaque tunnels that another rule intercepts', () => {
    const inside = (destination: object, more: object = {}) =>
      allow('in', { destination, ...more }, { tls: 'intercept' });
    const opaque = (kind: 'connect' | 'tcp', destination: object, more: object = {}) =>
      allow('out', { destination, protocol: { kind }, ...more });
    const found = ['TUNNEL_INTERCEPTED /rules/1'];
    const wide = { hosts: ['*.b.example'] };
    const one = { hosts: ['a.b.example'] };
    assert.deepEqual(warned([inside(wide), opaque('connect', one)]), found);
    assert.deepEqual(warned([inside({ any_host: true }), opaque('tcp', wide)]), found);
    assert.deepEqual(warned([inside(one), opaque('connect', one)]), found);
    assert.deepEqual(warned([inside(one), opaque('connect', wide)]), []);
    assert.deepEqual(warned([inside({ any_host: true }), opaque('tcp', { hosts: ['192.0.2.1'] })]), []);
    assert.deepEqual(warned([inside({ ...wide, ports: [443] }), opaque('tcp', { ...one, ports: [22] })]), []);
    const team = (id: string) => ({ agent: { team_id: [id] } });
    assert.deepEqual(warned([inside(wide, team('a')), opaque('connect', one, team('b'))]), []);
    assert.deepEqual(warned([{ ...inside(wide), shadow: true }, opaque('connect', one)]), []);
  });
  it('finds TLS that passes unseen to a shared platform', () => {
    const match = { destination: { hosts: ['a.example', 'app.github.io'] }, protocol: { kind: 'connect' } };
    assert.deepEqual(warned([allow('a', match as Rule['match'])]), [
      'PASSTHROUGH_SHARED /rules/0/match/destination/hosts/1',
    ]);
    const raw = { ...match, protocol: { kind: 'http' } };
    assert.deepEqual(warned([allow('a', raw as Rule['match'], { tls: 'intercept' })]), []);
  });
  it('keeps rules apart that open different tunnels', () => {
    assert.deepEqual(warned([allow('a'), allow('b', {}, { tls: 'intercept' })]), []);
    assert.deepEqual(warned([allow('a', {}, { tls: 'intercept' }), allow('b')]), [
      'RULE_UNREACHABLE /rules/1',
    ]);
  });
  it('finds intercepted tunnels that no limit counts, whoever has the limit', () => {
    const inside = allow('in', {}, { tls: 'intercept' });
    const uncounted = ['CONNECTS_UNLIMITED /rules/0/tls'];
    const limit = (match: Limit['match']): Limit[] => [{ id: 'l', per: 'agent', rps: 5, match: match ?? {} }];
    assert.deepEqual(warned([inside], []), uncounted);
    assert.deepEqual(warned([inside], limit({})), uncounted);
    assert.deepEqual(warned([inside], limit({ protocol: { kind: 'tcp' } })), uncounted);
    assert.deepEqual(warned([inside], limit({ destination: { schemes: ['tcp'] } })), []);
    assert.deepEqual(warned([allow('a')], []), []);
    assert.deepEqual(warned([{ ...inside, enabled: false }], []), []);
  });
  it('says nothing of paths and caps on streams, but of messages without a bound and methods they never have', () => {
    const socket = { protocol: { kind: 'websocket' as const } };
    const caps = { stream: { max_bytes: 5 } };
    assert.deepEqual(warned([allow('a', { ...socket, path_prefixes: ['/ws'] }, caps)]), []);
    assert.deepEqual(warned([allow('a', socket, { frames: 'observe' })]), []);
    assert.deepEqual(warned([allow('a', socket, { frames: 'block' })]), [
      'MESSAGES_UNBOUNDED /rules/0/frames',
    ]);
    assert.deepEqual(warned([allow('a', socket, { frames: 'block', stream: { max_message_bytes: 5 } })]), []);
    const never = ['RULE_NEVER_MATCHES /rules/0/match'];
    assert.deepEqual(warned([allow('a', { ...socket, methods: ['POST'] })]), never);
    assert.deepEqual(warned([allow('a', { protocol: { kind: 'grpc' }, methods: ['GET'] })]), never);
    assert.deepEqual(warned([allow('a', { protocol: { kind: 'grpc' }, methods: ['POST'] })]), []);
  });
  it('keeps rules that grant streams, or cap them, beside wider ones', () => {
    const socket = { protocol: { kind: 'websocket' as const } };
    const call = { protocol: { kind: 'grpc' as const } };
    assert.deepEqual(warned([allow('a'), allow('b', socket)]), []);
    assert.deepEqual(warned([allow('a'), allow('b', call)]), ['RULE_UNREACHABLE /rules/1']);
    assert.deepEqual(warned([allow('a'), allow('b', call, { stream: { max_bytes: 5 } })]), []);
    assert.deepEqual(warned([deny('d'), allow('b', socket)]), ['RULE_SHADOWED /rules/1']);
  });
  it('gives up on too many pairs and says so', () => {
    const rules = Array.from({ length: 700 }, (_, i) => deny(`r${i}`, { destination: { ports: [i + 1] } }));
    assert.deepEqual(
      warned(rules).map((line) => line.split(' ')[0]),
      ['LINT_INCOMPLETE'],
    );
  });
});

describe('lint of hosts', () => {
  const hosts = (...list: string[]) =>
    warned([{ id: 'a', action: 'allow', match: { destination: { hosts: list } } }]);
  const AT = '/rules/0/match/destination/hosts';

  it('finds mixed and borrowed alphabets', () => {
    assert.deepEqual(hosts('pаypal.example'), [`LOOKALIKE_HOST ${AT}/0`]);
    assert.deepEqual(hosts('раура.example'), [`LOOKALIKE_HOST ${AT}/0`]);
    assert.deepEqual(hosts('bücher.example', 'пример.example', '例え.example'), []);
  });
  it('finds twins in one document', () => {
    assert.deepEqual(hosts('modern.example', 'modem.example'), [`LOOKALIKE_HOST ${AT}/1`]);
    assert.deepEqual(hosts('*.paypal.example', 'paypa1.example'), [`LOOKALIKE_HOST ${AT}/1`]);
    assert.deepEqual(hosts('*.paypal.example', 'paypal.example'), []);
    assert.deepEqual(hosts('10.0.0.1', '10.0.0.11', '1.example', 'node10.example'), []);
  });
  it('points at wildcards over a whole top-level domain', () => {
    assert.deepEqual(hosts('*.internal'), [`WILDCARD_TOP_LEVEL ${AT}/0`]);
  });
});

describe('lint of limits', () => {
  const limit = (id: string, more: Partial<Limit>): Limit => ({ id, per: 'agent', ...more });

  it('finds rates and bursts that never bite', () => {
    assert.deepEqual(warned([], [limit('l', { rps: 10, rpm: 600 })]), ['LIMIT_CONTRADICTORY /limits/0/rpm']);
    assert.deepEqual(warned([], [limit('l', { rps: 10, rpm: 100, burst: 40 })]), [
      'LIMIT_CONTRADICTORY /limits/0/burst',
    ]);
    assert.deepEqual(warned([], [limit('l', { rps: 20, rpm: 600, burst: 40 })]), []);
  });
  it('finds modes that cannot do what they say', () => {
    const soft = { mode: 'soft_stop' as const, rps: 100 };
    assert.deepEqual(warned([], [limit('l', { ...soft, burst: 9 })]), [
      'SOFT_STOP_WITHOUT_GRACE /limits/0/mode',
    ]);
    assert.deepEqual(warned([], [limit('l', { ...soft, burst: 10 })]), []);
    const slow = { mode: 'throttle' as const, rps: 5 };
    assert.deepEqual(warned([], [limit('l', { ...slow, max_delay_ms: 1_751 })]), [
      'DELAY_BEYOND_DEADLINE /limits/0/max_delay_ms',
    ]);
    assert.deepEqual(warned([], [limit('l', { ...slow, max_delay_ms: 1_750 })]), []);
    assert.deepEqual(warned([], [limit('l', slow), limit('m', { rps: 5 })]), [
      'LIMIT_CONTRADICTORY /limits/0',
    ]);
    assert.deepEqual(warned([], [limit('l', slow), limit('m', { rps: 5, burst: 10 })]), []);
    assert.deepEqual(warned([], [limit('l', slow), limit('m', { rps: 5, per: 'team' })]), []);
  });
  it('refuses keys of another mode', () => {
    const refused = (more: Partial<Limit>) =>
      codes(JSON.stringify(documentOf({ limits: [limit('l', { rps: 5, ...more })] })));
    assert.deepEqual(refused({ max_delay_ms: 5 }), ['MODE_KEY_UNUSED']);
    assert.deepEqual(refused({ mode: 'throttle', grace_calls: 5 }), ['MODE_KEY_UNUSED']);
    assert.deepEqual(refused({ mode: 'soft_stop', max_delay_ms: 5, rps: 50 }), ['MODE_KEY_UNUSED']);
    assert.deepEqual(refused({ mode: 'alert_only', grace_minutes: 5, grace_calls: 5 }), [
      'MODE_KEY_UNUSED',
      'MODE_KEY_UNUSED',
    ]);
  });
  it('finds limits over the same requests', () => {
    assert.deepEqual(warned([], [limit('l', { rps: 1 }), limit('m', { rps: 1 })]), [
      'LIMIT_DUPLICATE /limits/1',
    ]);
    assert.deepEqual(warned([], [limit('l', { rps: 1 }), limit('m', { rps: 2 })]), [
      'LIMIT_CONTRADICTORY /limits/1',
    ]);
    assert.deepEqual(warned([], [limit('l', { rps: 1 }), limit('m', { rpm: 30 })]), []);
    assert.deepEqual(warned([], [limit('l', { rps: 1 }), limit('m', { rps: 1, per: 'team' })]), []);
    assert.deepEqual(warned([], [limit('l', { rps: 2 }), limit('m', { rps: 1, mode: 'alert_only' })]), []);
  });
});
