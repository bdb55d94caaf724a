import assert from 'node:assert/strict';
import { BlockList, isIPv4 } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { createApiKey } from '../../../src/authn/api_key.ts';
import { openIdentity } from '../../../src/authn/identity.ts';
import { indexSources } from '../../../src/authn/source_index.ts';
import type { Agent } from '../../../src/core/identity/agent.ts';
import type { SourceIdentity } from '../../../src/core/identity/source.ts';
import type { RawRequest } from '../../../src/core/request/egress_request.ts';
import { agentOf, basic, ISSUER, keyEntry, NOW_MS, registryBytes, SILENT } from './fixtures.ts';
import { ALL, ec, token } from './jwt_world.ts';

const KEY = createApiKey();
const OTHER = createApiKey();
const UID: SourceIdentity = { kind: 'uid', uid: 2001 };
const ROBOT = agentOf('robot', { api_keys: [keyEntry(KEY)], sources: [{ kind: 'uid', uid: 2001 }] });
const SECOND = agentOf('second', { api_keys: [keyEntry(OTHER)] });

interface Asked {
  readonly agents?: readonly Agent[];
  readonly headers?: readonly [string, string][];
  readonly source?: SourceIdentity;
  readonly mode?: RawRequest['mode'];
}

function judge(
  t: TestContext,
  { agents = [ROBOT, SECOND], headers = [], source, mode = 'transparent' }: Asked,
) {
  const identity = openIdentity({ jwt_issuers: [], log: SILENT });
  t.after(() => identity.stop());
  const registry = identity.compileRegistry(registryBytes(...agents));
  assert.ok(registry.ok, 'a good registry');
  const fact = registry.value.authenticate({
    mode,
    headers: headers.map(([name, value]) => ({ name, value })),
    transport: 'loopback',
    now_ms: NOW_MS,
    ...(source === undefined ? {} : { source }),
  });
  assert.ok(!(fact instanceof Promise), 'synchronous without a token');
  const principal = fact.ok ? fact.principal : fact.known_agent;
  return {
    problem: fact.ok ? 'none' : fact.problem,
    agent: principal?.agent_id,
    binding: principal?.binding,
    run: principal?.run?.label,
  };
}
const key = (secret: string): [string, string] => ['x-clawgress-key', secret];

test('who comes from a bound source is its agent, and the receipt says by what', (t) => {
  assert.deepEqual(judge(t, { source: UID, headers: [['x-clawgress-run-id', 'r1']] }), {
    problem: 'none',
    agent: 'robot',
    binding: { kind: 'source', source: 'uid:2001' },
    run: 'r1',
  });
  assert.equal(judge(t, { source: { kind: 'uid', uid: 2002 } }).problem, 'IDENTITY_MISSING');
  assert.equal(judge(t, { source: { kind: 'address', address: '10.0.0.1' } }).problem, 'IDENTITY_MISSING');
  assert.equal(judge(t, {}).problem, 'IDENTITY_MISSING');
});

test('a source counts in transparent mode alone', (t) => {
  for (const mode of ['explicit', 'base_url', 'intercepted'] as const)
    assert.equal(judge(t, { source: UID, mode }).problem, 'IDENTITY_MISSING', mode);
});

test('a key beside the source is the stronger proof when both are of one agent, and a conflict otherwise', (t) => {
  const both = judge(t, { source: UID, headers: [key(KEY)] });
  assert.deepEqual([both.problem, both.binding?.kind], ['none', 'api_key']);
  const other = judge(t, { source: UID, headers: [key(OTHER)] });
  assert.deepEqual([other.problem, other.agent], ['IDENTITY_CONFLICT', 'robot']);
  assert.equal(judge(t, { source: UID, headers: [key(KEY), key(KEY)] }).problem, 'IDENTITY_CONFLICT');
});

test('a credential that proves nothing is not made good by the source', (t) => {
  for (const [secret, problem] of [
    [createApiKey(), 'IDENTITY_UNKNOWN'],
    ['nonsense', 'IDENTITY_MALFORMED'],
  ] as const) {
    const judged = judge(t, { source: UID, headers: [key(secret)] });
    assert.deepEqual([judged.problem, judged.agent], [problem, 'robot']);
  }
});

test('on a listener that knows nobody, the header names the agent, and no proxy credential does', (t) => {
  assert.equal(judge(t, { headers: [key(OTHER)] }).agent, 'second');
  const proxy: [string, string] = ['proxy-authorization', basic('robot', KEY)];
  assert.equal(judge(t, { headers: [proxy] }).problem, 'IDENTITY_MISSING');
});

test('a disabled agent is disabled, whatever it comes by', (t) => {
  const agents = [{ ...ROBOT, status: 'disabled' as const }, SECOND];
  assert.equal(judge(t, { agents, source: UID }).problem, 'IDENTITY_DISABLED');
  assert.equal(judge(t, { agents, source: UID, headers: [key(KEY)] }).problem, 'IDENTITY_DISABLED');
  assert.equal(judge(t, { agents, source: UID, headers: [key(OTHER)] }).problem, 'IDENTITY_CONFLICT');
});

test('a token beside the source has to be of the same agent, too', async (t) => {
  const robot = { ...ROBOT, subjects: [{ issuer: ISSUER.issuer, subject: 'sub-robot' }] };
  const second = { ...SECOND, subjects: [{ issuer: ISSUER.issuer, subject: 'sub-second' }] };
  const identity = openIdentity({
    ...{ jwt_issuers: [ISSUER], log: SILENT, now: () => NOW_MS },
    load: async () => JSON.stringify({ keys: ALL }),
  });
  t.after(() => identity.stop());
  await identity.ready();
  const registry = identity.compileRegistry(registryBytes(robot, second));
  assert.ok(registry.ok, 'a good registry');
  const by = async (claims: object) => {
    const headers = [{ name: 'x-clawgress-key', value: await token(ec, 'ES256', claims) }];
    const input = {
      mode: 'transparent',
      headers,
      transport: 'loopback',
      source: UID,
      now_ms: NOW_MS,
    } as const;
    return await registry.value.authenticate(input);
  };
  const same = await by({});
  assert.ok(same.ok, JSON.stringify(same));
  assert.equal(same.principal.auth_type, 'jwt');
  const other = await by({ sub: 'sub-second' });
  assert.deepEqual(
    [other.ok, !other.ok && other.problem, !other.ok && other.known_agent?.agent_id],
    [false, 'IDENTITY_CONFLICT', 'robot'],
  );
  const late = await by({ exp: NOW_MS / 1_000 - 60, iat: NOW_MS / 1_000 - 120 });
  assert.deepEqual([late.ok, !late.ok && late.problem], [false, 'IDENTITY_EXPIRED']);
});

const small = fc.integer({ min: 0, max: 3 });
/** Few addresses, so that networks overlap. */
const address = fc.oneof(
  fc.tuple(small, small).map(([a, b]) => `10.${a * 64}.0.${b * 64}`),
  fc.tuple(small, small).map(([a, b]) => `fd00:${a === 0 ? '0' : `${a}000`}::${b === 0 ? '1' : `${b}000`}`),
);
const lengthOf = (one: string, part: number) =>
  isIPv4(one) ? 1 + Math.floor(part * 31.99) : 1 + Math.floor(part * 127.99);

/** The network in the form that registries require, by the platform's own reading of addresses. */
function network(one: string, length: number): string {
  if (isIPv4(one)) {
    const bits = one
      .split('.')
      .map((octet) => Number(octet).toString(2).padStart(8, '0'))
      .join('');
    const kept = bits.slice(0, length).padEnd(32, '0');
    return `${[0, 8, 16, 24].map((at) => Number.parseInt(kept.slice(at, at + 8), 2)).join('.')}/${length}`;
  }
  const words = new URL(`http://[${one}]/`).hostname.slice(1, -1);
  const [head = '', tail = ''] = words.split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const all = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  const bits = all.map((word) => Number.parseInt(word, 16).toString(2).padStart(16, '0')).join('');
  const kept = bits.slice(0, length).padEnd(128, '0');
  const groups = Array.from({ length: 8 }, (_, i) =>
    Number.parseInt(kept.slice(i * 16, i * 16 + 16), 2).toString(16),
  );
  return `${new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)}/${length}`;
}

test('of overlapping networks the longest around the address wins, as a naive reading says', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(address, fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 8 }),
      address,
      fc.boolean(),
      (drawn, asked, isMapped) => {
        const cidrs = [...new Set(drawn.map(([one, part]) => network(one, lengthOf(one, part))))];
        const owner = indexSources(
          cidrs.map((cidr, i) => agentOf(`a${i}`, { sources: [{ kind: 'cidr', cidr }] })),
        );
        const family = (text: string) => (isIPv4(text) ? 'ipv4' : 'ipv6');
        const around = cidrs
          .filter((cidr) => {
            const [base = '', length = ''] = cidr.split('/');
            const list = new BlockList();
            list.addSubnet(base, Number(length), family(base));
            return family(base) === family(asked) && list.check(asked, family(asked));
          })
          .sort((a, b) => Number(b.split('/')[1]) - Number(a.split('/')[1]));
        const spelled = isMapped && isIPv4(asked) ? `::ffff:${asked}` : asked;
        const expected = around[0] === undefined ? undefined : `cidr:${around[0]}`;
        assert.equal(owner({ kind: 'address', address: spelled })?.source, expected);
      },
    ),
    { numRuns: 500 },
  );
});
