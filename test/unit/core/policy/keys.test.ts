import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import type { BodyFacts } from '../../../../src/core/contract/body_facts.ts';
import { compilePolicySet } from '../../../../src/core/policy/compile.ts';
import { explain } from '../../../../src/core/policy/explain.ts';
import { principalOf, requestOf } from './sample.ts';

/**
 * Every key that the schema accepts changes behaviour: two documents that differ in this key alone are told apart by
 * an evaluation, by a limit, by the receipt's policy id, or by being refused.
 */
type Json = { [key: string]: unknown };
type Pair = readonly [without: Json, with_: Json];

const HOSTS = { hosts: ['api.example.com'] };
const doc = (parts: Json): Json => ({ schema: 'clawgress/policy/v1', id: 'x', rules: [], ...parts });
const rule = (parts: Json = {}): Json => ({
  id: 'r',
  action: 'allow',
  match: { destination: HOSTS },
  ...parts,
});
const rules = (...list: Json[]) => doc({ rules: list });
const match = (parts: Json) => rules(rule({ match: { destination: HOSTS, ...parts } }));
const limits = (parts: Json) => doc({ limits: [{ id: 'l', per: 'agent', rps: 5, ...parts }] });
const request = (parts: Json) => ({ url: 'https://api.example.com/v1?q=1', ...parts });
const tests = (asked: Json, expect: Json = { verdict: 'deny' }, list: Json[] = []) =>
  doc({ rules: list, tests: [{ name: 't', request: asked, expect }] });

const agentPair = (key: string): Pair => [match({}), match({ agent: { [key]: ['nobody'] } })];
const testAgent = (key: string): Pair => {
  const only = [rule({ match: { destination: HOSTS, agent: { [key]: ['x'] } } })];
  return [
    tests(request({}), { verdict: 'allow' }, only),
    tests(request({ agent: { [key]: 'x' } }), { verdict: 'allow' }, only),
  ];
};

const socketRule = (parts: Json) =>
  rule({ match: { destination: HOSTS, protocol: { kind: 'websocket' } }, ...parts });
const socket = (parts: Json) => rules(socketRule(parts));
const capPair = (key: string): Pair => {
  const frames = 'observe';
  return [socket({ frames }), socket({ frames, stream: { [key]: 5 } })];
};
/** Weaker proof than a key is not enough. */
const keyed = rule({ match: { destination: HOSTS, agent: { auth_type: ['api_key', 'jwt'] } } });

/** What the documents of the pairs inherit. */
const PARENTS: readonly Json[] = [
  { schema: 'clawgress/policy/v1', id: 'base', rules: [{ id: 'no', action: 'deny', match: {} }] },
  { schema: 'clawgress/policy/v1', id: 'other', rules: [{ id: 'no', action: 'deny', match: {} }] },
];
const exception = (parts: Json = {}): Json => ({
  ...{
    id: 'x',
    to: 'base/no',
    match: { destination: HOSTS },
    reason: 'moving',
    expires: '2030-01-01T00:00:00Z',
  },
  ...parts,
});
const excepted = (parts: Json = {}) =>
  doc({ inherits: ['base'], rules: [rule()], exceptions: [exception(parts)] });
/** Judged as a parent: what a document says only to those that inherit it. */
const asParent = (parts: Json) => ({ as_parent: doc({ id: 'above', ...parts }) });

const SCHEMAS = [
  { id: 's', schema: { type: 'object' } },
  { id: 't', schema: { type: 'array' } },
];
const contract = (parts: Json, others: Json = {}) =>
  doc({ schemas: SCHEMAS, rules: [rule({ ...(Object.keys(parts).length > 0 ? parts : {}), ...others })] });
const asks = (parts: Json) => contract({ request: { max_bytes: 9, ...parts } });
const answers = (parts: Json) => contract({ response: { max_bytes: 9, ...parts } });
const calls = (parts: Json): Pair => {
  const kind = 'methods' in parts || 'targets' in parts ? 'mcp' : 'llm';
  return [match({ protocol: { kind } }), match({ protocol: { kind, ...parts } })];
};
/** What was found in a body, told apart by one rule about it. */
const bodied = (body: Json, other: Json, only: Json): Pair => {
  const list = [rule({ match: { destination: HOSTS, ...(only['match'] as Json) }, ...only })];
  const of = (found: Json) =>
    doc({
      schemas: SCHEMAS,
      rules: list.map(({ match: asked, ...rest }) => ({
        ...rest,
        match: { destination: HOSTS, ...(asked as Json) },
      })),
      tests: [{ name: 't', request: request({ body: found }), expect: { verdict: 'allow' } }],
    });
  return [of(body), of(other)];
};
const called = (kind: string, key: string, asked: unknown, said: Json, other: Json): Pair =>
  bodied(
    { ai: { kind, ...said } },
    { ai: { kind, ...other } },
    { match: { protocol: { kind, [key]: asked } } },
  );

const counting = (parts: Json) => doc({ limits: [{ id: 'l', per: 'agent', ...parts }] });
const budget = (parts: Json) => counting({ tokens: 5, window: { sliding: '1d' }, ...parts });
const spend = (parts: Json) => counting({ usd_cents: 5, window: { sliding: '1d' }, ...parts });
const fixed = (parts: Json) => budget({ window: { fixed: '1d', anchor: '2026-01-01', ...parts } });

const PAIRS: Readonly<Record<string, Pair>> = {
  'PolicyDocument.schemas': [
    doc({ rules: [rule({ request: { schema: 's' } })] }),
    doc({ schemas: SCHEMAS, rules: [rule({ request: { schema: 's' } })] }),
  ],
  'BodySchema.id': [asks({ schema: 's' }), asks({ schema: 't' })],
  'BodySchema.draft': [
    doc({ schemas: [{ id: 's', schema: {} }], rules: [rule({ request: { schema: 's' } })] }),
    doc({
      schemas: [{ id: 's', schema: {}, draft: 'draft-07' }],
      rules: [rule({ request: { schema: 's' } })],
    }),
  ],
  'BodySchema.schema': [
    doc({ schemas: [{ id: 's', schema: {} }], rules: [rule({ request: { schema: 's' } })] }),
    doc({
      schemas: [{ id: 's', schema: '{"multipleOf":0.5}' }],
      rules: [rule({ request: { schema: 's' } })],
    }),
  ],
  'Rule.request': [rules(rule()), rules(rule({ request: { max_bytes: 5 } }))],
  'Rule.response': [rules(rule()), rules(rule({ response: { notarize: true } }))],
  'RequestContract.format': [asks({}), asks({ format: 'json' })],
  'RequestContract.schema': [asks({ format: 'json' }), asks({ format: 'json', schema: 's' })],
  'RequestContract.elements': [asks({ format: 'json' }), asks({ elements: { pointer: '/x', schema: 's' } })],
  'RequestContract.repair': [asks({ format: 'json' }), asks({ format: 'json', repair: 'once' })],
  'RequestContract.repair_kinds': [asks({ repair: 'once' }), asks({ repair: 'once', repair_kinds: ['bom'] })],
  'RequestContract.max_bytes': [asks({}), asks({ max_bytes: 8 })],
  'RequestContract.on_oversize': [asks({}), asks({ on_oversize: 'stream' })],
  'RequestContract.ask_usage': [asks({}), asks({ ask_usage: true })],
  'ElementContract.pointer': [
    asks({ elements: { pointer: '/x', schema: 's' } }),
    asks({ elements: { pointer: '/y', schema: 's' } }),
  ],
  'ElementContract.schema': [
    asks({ elements: { pointer: '/x', schema: 's' } }),
    asks({ elements: { pointer: '/x', schema: 't' } }),
  ],
  'ResponseContract.inspect': [answers({}), answers({ inspect: 'sse' })],
  'ResponseContract.schema': [answers({ inspect: 'json' }), answers({ inspect: 'json', schema: 's' })],
  'ResponseContract.max_bytes': [answers({}), answers({ max_bytes: 8 })],
  'ResponseContract.on_violation': [answers({}), answers({ on_violation: 'alert' })],
  'ResponseContract.strip': [answers({ inspect: 'json' }), answers({ inspect: 'json', strip: ['/x'] })],
  'ResponseContract.notarize': [answers({}), answers({ notarize: true })],
  'ResponseContract.tool_calls': [answers({}), answers({ tool_calls: { allow: [] } })],
  'ResponseContract.on_encoded': [answers({}), answers({ on_encoded: 'bypass' })],
  'ToolCallContract.allow': [
    answers({ tool_calls: { allow: ['x'] } }),
    answers({ tool_calls: { allow: ['y'] } }),
  ],
  'ToolCallContract.deny': [
    answers({ tool_calls: { deny: ['x'] } }),
    answers({ tool_calls: { deny: ['y'] } }),
  ],
  'ProtocolMatch.providers': calls({ providers: ['anthropic'] }),
  'ProtocolMatch.endpoints': calls({ endpoints: ['messages'] }),
  'ProtocolMatch.models': calls({ models: ['claude-*'] }),
  'ProtocolMatch.tools': calls({ tools: { any_of: ['shell'] } }),
  'ProtocolMatch.methods': calls({ methods: ['tools/list'] }),
  'ProtocolMatch.targets': calls({ targets: ['shell'] }),
  'ToolMatch.only': calls({ tools: { only: ['shell'] } }),
  'ToolMatch.any_of': calls({ tools: { any_of: ['shell'] } }),
  'TestRequest.body': [
    tests(request({}), { verdict: 'allow' }, [rule({ request: { max_bytes: 5 } })]),
    tests(request({ body: {} }), { verdict: 'allow' }, [rule({ request: { max_bytes: 5 } })]),
  ],
  'TestBody.format': bodied({}, { format: 'other' }, { request: { format: 'json' } }),
  'TestBody.bytes': bodied({}, { bytes: 6 }, { request: { max_bytes: 5 } }),
  'TestBody.problem': bodied({}, { problem: 'BOM' }, { request: { format: 'json' } }),
  'TestBody.valid': bodied({ valid: ['s'] }, {}, { request: { schema: 's' } }),
  'TestBody.repaired': bodied({}, { repaired: ['bom'] }, { request: { format: 'json' } }),
  'TestBody.ai': bodied({ ai: { kind: 'llm' } }, {}, { match: { protocol: { kind: 'llm' } } }),
  'TestAi.kind': bodied(
    { ai: { kind: 'llm' } },
    { ai: { kind: 'mcp' } },
    { match: { protocol: { kind: 'llm' } } },
  ),
  'TestAi.provider': called('llm', 'providers', ['openai'], { provider: 'openai' }, {}),
  'TestAi.endpoint': called('llm', 'endpoints', ['chat'], {}, { endpoint: 'messages' }),
  'TestAi.model': called('llm', 'models', ['gpt-*'], { model: 'gpt-4o' }, { model: 'claude' }),
  'TestAi.tools': called('llm', 'tools', { only: ['a'] }, {}, { tools: ['b'] }),
  'TestAi.method': called('mcp', 'methods', ['a'], { method: 'a' }, { method: 'b' }),
  'TestAi.target': called('mcp', 'targets', ['a'], { target: 'a' }, {}),
  'PolicyDocument.schema': [{ ...doc({}), schema: 'clawgress/policy/v2' }, doc({})],
  'PolicyDocument.id': [doc({}), doc({ id: 'y' })],
  'PolicyDocument.inherits': [rules(rule()), doc({ rules: [rule()], inherits: ['base'] })],
  'PolicyDocument.ceiling': [asParent({}), asParent({ ceiling: true })],
  'PolicyDocument.exceptions': [doc({ inherits: ['base'], rules: [rule()] }), excepted()],
  'Exception.id': [excepted(), excepted({ id: 'y' })],
  'Exception.to': [excepted(), excepted({ to: 'other/no' })],
  'Exception.match': [excepted(), excepted({ match: { destination: HOSTS, methods: ['PUT'] } })],
  'Exception.reason': [excepted(), excepted({ reason: 'still moving' })],
  'Exception.expires': [excepted(), excepted({ expires: '2020-01-01T00:00:00Z' })],
  'PolicyDocument.rules': [rules(), rules(rule())],
  'PolicyDocument.limits': [doc({}), limits({})],
  'PolicyDocument.tests': [doc({}), tests(request({}), { verdict: 'allow' })],
  'Rule.id': [rules(rule()), rules(rule({ id: 's' }))],
  'Rule.priority': [rules(rule(), rule({ id: 's' })), rules(rule(), rule({ id: 's', priority: 1 }))],
  'Rule.enabled': [rules(rule()), rules(rule({ enabled: false }))],
  'Rule.match': [
    rules(rule({ action: 'deny' })),
    rules(rule({ action: 'deny', match: { methods: ['PUT'] } })),
  ],
  'Rule.action': [rules(rule()), rules(rule({ action: 'deny' }))],
  'Rule.shadow': [rules(rule()), rules(rule({ shadow: true }))],
  'Rule.tls': [rules(rule()), rules(rule({ tls: 'intercept' }))],
  'Rule.stream': [socket({}), socket({ stream: { max_bytes: 5 } })],
  'Rule.frames': [socket({}), socket({ frames: 'observe' })],
  'StreamCaps.max_bytes': capPair('max_bytes'),
  'StreamCaps.max_seconds': capPair('max_seconds'),
  'StreamCaps.max_message_bytes': capPair('max_message_bytes'),
  'Rule.path': [rules(rule()), rules(rule({ path: 'rewrite' }))],
  'Match.agent': agentPair('agent_id'),
  'Match.destination': [
    rules({ id: 'r', action: 'deny' }),
    rules({ id: 'r', action: 'deny', match: { destination: { hosts: ['b.example'] } } }),
  ],
  'Match.methods': [match({}), match({ methods: ['PUT'] })],
  'Match.path_prefixes': [match({}), match({ path_prefixes: ['/v2'] })],
  'Match.query': [match({}), match({ query: { absent: ['q'] } })],
  'Match.protocol': [match({}), match({ protocol: { kind: 'connect' } })],
  'AgentMatch.agent_id': agentPair('agent_id'),
  'AgentMatch.team_id': agentPair('team_id'),
  'AgentMatch.project_id': agentPair('project_id'),
  'AgentMatch.environment': agentPair('environment'),
  'AgentMatch.tenant_id': agentPair('tenant_id'),
  'AgentMatch.auth_type': [match({}), match({ agent: { auth_type: ['jwt'] } })],
  'DestinationMatch.hosts': [match({}), match({ destination: { hosts: ['b.example'] } })],
  'DestinationMatch.ports': [match({}), match({ destination: { ...HOSTS, ports: [80] } })],
  'DestinationMatch.schemes': [match({}), match({ destination: { ...HOSTS, schemes: ['http'] } })],
  'DestinationMatch.any_host': [
    match({ destination: { ports: [443] } }),
    match({ destination: { ports: [443], any_host: true } }),
  ],
  'QueryMatch.absent': [match({ query: { absent: ['z'] } }), match({ query: { absent: ['z', 'q'] } })],
  'ProtocolMatch.kind': [match({ protocol: { kind: 'http' } }), match({ protocol: { kind: 'connect' } })],
  'Limit.id': [limits({}), limits({ id: 'm' })],
  'Limit.match': [limits({}), limits({ match: { methods: ['PUT'] } })],
  'Limit.per': [limits({}), limits({ per: 'team' })],
  'Limit.rps': [limits({}), limits({ rps: 6 })],
  'Limit.rpm': [limits({}), limits({ rpm: 6 })],
  'Limit.burst': [limits({}), limits({ burst: 6 })],
  'Limit.mode': [limits({}), limits({ mode: 'alert_only' })],
  'Limit.max_delay_ms': [limits({ mode: 'throttle' }), limits({ mode: 'throttle', max_delay_ms: 5 })],
  'Limit.grace_minutes': [limits({ mode: 'soft_stop' }), limits({ mode: 'soft_stop', grace_minutes: 6 })],
  'Limit.grace_calls': [limits({ mode: 'soft_stop' }), limits({ mode: 'soft_stop', grace_calls: 6 })],
  'Limit.near_limit': [limits({}), limits({ near_limit: 6 })],
  'Limit.tokens': [budget({}), budget({ tokens: 6 })],
  'Limit.usd_cents': [spend({}), spend({ usd_cents: 6 })],
  'Limit.window': [budget({}), budget({ window: { sliding: '2d' } })],
  'Limit.unknown_price': [spend({}), spend({ unknown_price: 'alert' })],
  'Limit.default_output_tokens': [budget({}), budget({ default_output_tokens: 7 })],
  'Window.sliding': [budget({}), budget({ window: { sliding: '1h' } })],
  'Window.fixed': [fixed({}), fixed({ fixed: '2d' })],
  'Window.anchor': [fixed({}), fixed({ anchor: '2026-01-02' })],
  'Window.tz': [fixed({ tz: 'Europe/Berlin' }), fixed({ tz: 'UTC' })],
  'DocumentTest.name': [
    doc({
      tests: [
        { name: 't', request: request({}), expect: { verdict: 'deny' } },
        { name: 't', request: request({}), expect: { verdict: 'deny' } },
      ],
    }),
    doc({
      tests: [
        { name: 't', request: request({}), expect: { verdict: 'deny' } },
        { name: 'u', request: request({}), expect: { verdict: 'deny' } },
      ],
    }),
  ],
  'DocumentTest.request': [
    tests(request({}), { verdict: 'allow' }, [rule()]),
    tests(request({ url: 'http://b.example/' }), { verdict: 'allow' }, [rule()]),
  ],
  'DocumentTest.expect': [tests(request({})), tests(request({}), { verdict: 'allow' })],
  'TestRequest.agent': testAgent('agent_id'),
  'TestRequest.method': [
    tests(request({}), { verdict: 'allow' }, [rule({ match: { destination: HOSTS, methods: ['GET'] } })]),
    tests(request({ method: 'PUT' }), { verdict: 'allow' }, [
      rule({ match: { destination: HOSTS, methods: ['GET'] } }),
    ]),
  ],
  'TestRequest.url': [
    tests(request({}), { verdict: 'allow' }, [rule()]),
    tests(request({ url: 'http://b.example/' }), { verdict: 'allow' }, [rule()]),
  ],
  'TestRequest.connect': [
    tests({ connect: 'api.example.com:443' }, { verdict: 'deny', reason: 'TUNNEL_OPAQUE' }, [rule()]),
    tests({ connect: 'b.example:443' }, { verdict: 'deny', reason: 'TUNNEL_OPAQUE' }, [rule()]),
  ],
  'TestRequest.protocol': [
    tests(request({}), { verdict: 'allow' }, [rule()]),
    tests(request({ protocol: 'websocket' }), { verdict: 'allow' }, [rule()]),
  ],
  'TestRequest.transparent': [
    tests(request({}), { verdict: 'allow' }, [rule()]),
    tests(request({ transparent: '198.18.0.7:8443' }), { verdict: 'allow' }, [rule()]),
  ],
  'TestRequest.headers': [
    tests(request({}), { verdict: 'allow' }, [rule({ match: { destination: HOSTS, methods: ['GET'] } })]),
    tests(request({ headers: ['x-http-method'] }), { verdict: 'allow' }, [
      rule({ match: { destination: HOSTS, methods: ['GET'] } }),
    ]),
  ],
  'TestAgent.agent_id': testAgent('agent_id'),
  'TestAgent.team_id': testAgent('team_id'),
  'TestAgent.project_id': testAgent('project_id'),
  'TestAgent.environment': testAgent('environment'),
  'TestAgent.tenant_id': testAgent('tenant_id'),
  'TestAgent.auth_type': [
    tests(request({}), { verdict: 'allow' }, [keyed]),
    tests(request({ agent: { auth_type: 'source' } }), { verdict: 'allow' }, [keyed]),
  ],
  'TestExpectation.verdict': [tests(request({})), tests(request({}), { verdict: 'allow' })],
  'TestExpectation.reason': [
    tests(request({})),
    tests(request({}), { verdict: 'deny', reason: 'POLICY_DENY' }),
  ],
  'TestExpectation.stream': [
    tests(request({ protocol: 'websocket' }), { verdict: 'allow' }, [socketRule({})]),
    tests(request({ protocol: 'websocket' }), { verdict: 'allow', stream: { max_bytes: 5 } }, [
      socketRule({}),
    ]),
  ],
  'TestExpectation.frames': [
    tests(request({ protocol: 'websocket' }), { verdict: 'allow' }, [socketRule({})]),
    tests(request({ protocol: 'websocket' }), { verdict: 'allow', frames: 'block' }, [socketRule({})]),
  ],
  'TestExpectation.tunnel': [
    tests({ connect: 'api.example.com:443' }, { verdict: 'allow' }, [rule({ tls: 'intercept' })]),
    tests({ connect: 'api.example.com:443' }, { verdict: 'allow', tunnel: 'raw' }, [
      rule({ tls: 'intercept' }),
    ]),
  ],
  'TestExpectation.rule': [tests(request({})), tests(request({}), { verdict: 'deny', rule: 'r' })],
};

const ASKED = { url: 'https://api.example.com/v1?q=1' };
const CALL = { provider: 'openai', endpoint: 'chat', model: 'gpt-4o', tools: ['search'] } as const;
const BODIES: readonly BodyFacts[] = [
  { state: 'complete', bytes: 1, format: 'json' },
  { state: 'complete', bytes: 1, format: 'json', ai: { kind: 'llm', ...CALL } },
  { state: 'complete', bytes: 1, format: 'json', ai: { kind: 'llm', ...CALL, input_tokens: 3 } },
  {
    state: 'complete',
    bytes: 1,
    format: 'json',
    ai: { kind: 'mcp', method: 'tools/call', target: 'search' },
  },
];

const NOW = Date.parse('2026-01-01T00:00:00Z');

/** Everything a document can do to these requests. */
function behaviour(document: Json): unknown {
  const parent = document['as_parent'] as Json | undefined;
  const entry = parent === undefined ? document : doc({ inherits: ['above'], rules: [rule()] });
  const source = (one: Json, i: number) => ({ file: `${i}`, text: JSON.stringify(one) });
  const others = [...PARENTS, ...(parent === undefined ? [] : [parent])].map(source);
  const result = compilePolicySet({ entry: source(entry, -1), others, trust: 'signed' });
  if (!result.ok) return { refused: result.problem.map(({ code }) => code) };
  const asked = [
    { url: 'https://api.example.com/v1?q=1' },
    { url: 'https://api.example.com/a/../v1' },
    { connect: 'api.example.com:443' },
    { url: 'https://api.example.com/v1', protocol: 'websocket' as const },
    { url: 'https://api.example.com/v1', protocol: 'grpc' as const },
  ];
  const { policy } = result.value;
  return {
    policy_id: policy.policy_id,
    evaluations: asked.map((sample) => policy.evaluate(requestOf(sample), principalOf(), NOW)),
    counted: BODIES.map((body) => {
      const looked = { ...requestOf(ASKED), body };
      return [policy.limits(looked, principalOf()), policy.refusal(looked, principalOf())];
    }),
    bodies: BODIES.map((body) => policy.evaluate({ ...requestOf(ASKED), body }, principalOf(), NOW)),
    // Reasons and ids of exceptions are for whoever asks why.
    explained: asked.map((sample) => {
      const told = explain(result.value, sample, principalOf(), NOW);
      return told.ok ? told.value.rules.map(({ exception: why }) => why) : told;
    }),
    limits: asked.map((sample) => policy.limits(requestOf(sample), principalOf())),
  };
}

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../policies/policy.schema.json'), 'utf8'),
);
const keys = [
  ...Object.keys(schema.properties).map((key) => `PolicyDocument.${key}`),
  ...Object.entries<{ properties?: object }>(schema.$defs).flatMap(([name, { properties = {} }]) =>
    Object.keys(properties).map((key) => `${name}.${key}`),
  ),
];

it('has a pair of documents for every key of the schema and no other', () => {
  assert.deepEqual(Object.keys(PAIRS).sort(), keys.sort());
});

/** Values of a key that say something else than the key being absent or another value. */
const VALUES: Readonly<Record<string, Pair>> = {
  'tls: intercept': [match({}), rules(rule({ tls: 'intercept' }))],
  'tls: deny': [
    match({ protocol: { kind: 'connect' } }),
    rules(rule({ tls: 'deny', match: { destination: HOSTS, protocol: { kind: 'connect' } } })),
  ],
  'kind: websocket': [match({}), match({ protocol: { kind: 'websocket' } })],
  'kind: grpc': [match({ protocol: { kind: 'http' } }), match({ protocol: { kind: 'grpc' } })],
  'frames: block': [socket({ frames: 'observe' }), socket({ frames: 'block' })],
  'kind: llm': [match({ protocol: { kind: 'http' } }), match({ protocol: { kind: 'llm' } })],
  'kind: mcp': [match({ protocol: { kind: 'llm' } }), match({ protocol: { kind: 'mcp' } })],
  'kind: a2a': [match({ protocol: { kind: 'llm' } }), match({ protocol: { kind: 'a2a' } })],
  'format: json_lines': [asks({ format: 'json' }), asks({ format: 'json_lines' })],
  'on_oversize: scan_prefix': [asks({ on_oversize: 'stream' }), asks({ on_oversize: 'scan_prefix' })],
  'kind: tcp': [match({ protocol: { kind: 'connect' } }), match({ protocol: { kind: 'tcp' } })],
};

for (const [key, [without, with_]] of Object.entries({ ...PAIRS, ...VALUES })) {
  it(`${key} changes behaviour`, () => {
    const [a, b] = [behaviour(without), behaviour(with_)];
    assert.notDeepEqual(a, b);
    // A pair that is refused twice would prove nothing.
    assert.ok(!(isRefused(a) && isRefused(b)), JSON.stringify([a, b]));
    for (const refused of [a, b].filter(isRefused)) assert.ok(!refused.refused.includes('UNKNOWN_KEY'));
  });
}

function isRefused(value: unknown): value is { refused: string[] } {
  return typeof value === 'object' && value !== null && 'refused' in value;
}
