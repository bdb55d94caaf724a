import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { BodyFacts } from '../../../../src/core/contract/body_facts.ts';
import type { EgressRequest } from '../../../../src/core/request/egress_request.ts';
import type { BodySchema, Match, PolicyDocument, Rule } from '../../../../src/gen/policy_document.ts';
import { requests, rules, wideRules } from './random_policy.ts';

const some = <T>(...values: T[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
const without = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));

/** In canonical form, so that whoever hashes them needs no parser. */
export const SCHEMAS: readonly BodySchema[] = ['a', 'b', 'c'].map((id) => ({
  id,
  draft: '2020-12',
  schema:
    `{"$comment":"${id}","$schema":"https://json-schema.org/draft/2020-12/schema"}` as unknown as BodySchema['schema'],
}));
export const HASHES = SCHEMAS.map(
  ({ schema }) =>
    `sha256:${createHash('sha256')
      .update(schema as unknown as string)
      .digest('hex')}`,
).sort();

const MODELS = ['gpt-4o', 'gpt-4o-mini', 'claude'] as const;
const TOOLS = ['search', 'shell'] as const;
const calls: fc.Arbitrary<Match['protocol']> = fc
  .record({
    kind: fc.constantFrom('llm' as const, 'llm' as const, 'mcp' as const, 'a2a' as const),
    providers: maybe(some('openai' as const, 'anthropic' as const)),
    endpoints: maybe(maybe(some('chat' as const, 'embeddings' as const))),
    models: maybe(some('gpt-4o', 'gpt-*', 'claude')),
    tools: maybe(some(...TOOLS)),
    methods: maybe(some('tools/call', 'tools/list')),
    targets: maybe(some('search', 'shell')),
    isOnly: fc.boolean(),
  })
  .map(({ kind, providers, endpoints, models, tools, methods, targets, isOnly }) => {
    const named = tools && { tools: isOnly ? { only: tools } : { any_of: tools } };
    if (kind === 'llm') return { kind, ...without({ providers, endpoints, models }), ...named };
    if (kind === 'mcp') return { kind, ...without({ methods, targets }) };
    return { kind, ...without({ methods }) };
  }) as fc.Arbitrary<Match['protocol']>;

const KINDS = ['bom', 'comment'] as const;
const schemaId = fc.constantFrom('a', 'b', 'c');
const requestContracts: fc.Arbitrary<Rule['request']> = fc
  .record({
    way: fc.constantFrom('whole', 'whole', 'whole', 'lines', 'elements', 'prefix', 'usage'),
    schema: fc.option(schemaId, { nil: undefined, freq: 5 }),
    repair: fc.boolean(),
    repair_kinds: maybe(some(...KINDS)),
    max_bytes: maybe(fc.constantFrom(5, 50)),
    on_oversize: maybe(fc.constantFrom('deny' as const, 'stream' as const)),
  })
  .map(({ way, schema, repair, repair_kinds, max_bytes, on_oversize }) => {
    const mending = repair ? { repair: 'once' as const, repair_kinds } : {};
    if (way === 'whole') return without({ format: 'json', schema, max_bytes, ...mending });
    if (way === 'lines') return without({ format: 'json_lines', schema, max_bytes, on_oversize });
    if (way === 'elements')
      return without({ elements: { pointer: '/x', schema: schema ?? 'a' }, on_oversize });
    if (way === 'prefix') return without({ on_oversize: 'scan_prefix', max_bytes, format: 'any' });
    return without({ ask_usage: true, max_bytes });
  }) as fc.Arbitrary<Rule['request']>;

const responseContracts: fc.Arbitrary<Rule['response']> = fc
  .record({
    inspect: maybe(fc.constantFrom('json' as const, 'auto' as const)),
    schema: maybe(schemaId),
    max_bytes: maybe(fc.constantFrom(5, 50)),
    on_violation: maybe(fc.constantFrom('block' as const, 'alert' as const)),
    strip: maybe(some('/a', '/b')),
    notarize: fc.constant(true as const),
    tool_calls: maybe(fc.record({ allow: some(...TOOLS), deny: maybe(some(...TOOLS)) }).map(without)),
    on_encoded: maybe(fc.constantFrom('refuse' as const, 'bypass' as const)),
  })
  .map(without) as fc.Arbitrary<Rule['response']>;

/** Rules as others have them, now and then about a call, and with a contract where the compiler takes one. */
const bodyRules = fc
  .record({
    rule: fc.oneof({ weight: 1, arbitrary: rules }, { weight: 1, arbitrary: wideRules }),
    call: maybe(calls),
    request: maybe(requestContracts),
    response: maybe(responseContracts),
  })
  .map(({ rule, call, request, response }) => {
    const kind = rule.match?.protocol?.kind;
    const isOfTunnels = kind === 'connect' || kind === 'tcp' || kind === 'websocket' || kind === 'grpc';
    if (isOfTunnels) return rule;
    const isAllow = rule.action === 'allow';
    const { tools, ...rest } = call ?? { kind: 'http' as const };
    const fitting = !isAllow && tools?.only ? rest : call;
    const match = fitting === undefined ? rule.match : { ...rule.match, protocol: fitting };
    return { ...rule, ...without({ match }), ...(isAllow ? without({ request, response }) : {}) };
  }) as fc.Arbitrary<Omit<Rule, 'id'>>;

export const bodyDocuments: fc.Arbitrary<PolicyDocument> = fc
  .array(bodyRules, { maxLength: 12 })
  .map((list) => ({
    schema: 'clawgress/policy/v1' as const,
    id: 'random',
    schemas: [...SCHEMAS],
    rules: list.map((one, i) => ({ id: `r${i}`, ...one })),
  }));

const ai: fc.Arbitrary<BodyFacts['ai']> = fc.oneof(
  fc.constant(undefined),
  fc.constant({ kind: 'unknown' as const, unknown_reason: 'BATCH' as const }),
  fc
    .record({
      provider: fc.constantFrom('openai' as const, 'anthropic' as const),
      endpoint: fc.constantFrom('chat' as const, 'embeddings' as const),
      model: maybe(fc.constantFrom(...MODELS)),
      tools: maybe(fc.subarray([...TOOLS])),
    })
    .map((facts) => ({ kind: 'llm' as const, ...without(facts) })),
  fc
    .record({
      method: maybe(fc.constantFrom('tools/call', 'tools/list')),
      target: maybe(fc.constantFrom('search', 'shell')),
    })
    .map((facts) => ({ kind: 'mcp' as const, ...without(facts) })),
  fc
    .record({ method: maybe(fc.constant('tools/call')) })
    .map((facts) => ({ kind: 'a2a' as const, ...without(facts) })),
) as fc.Arbitrary<BodyFacts['ai']>;

const bodies: fc.Arbitrary<BodyFacts> = fc
  .record({
    state: fc.constantFrom(
      'complete' as const,
      'complete' as const,
      'complete' as const,
      'streamed' as const,
    ),
    bytes: fc.constantFrom(1, 1, 1, 6, 60),
    format: fc.constantFrom(
      'json' as const,
      'json' as const,
      'json' as const,
      'json_lines' as const,
      'other' as const,
    ),
    problem: fc.constantFrom(
      ...[undefined, undefined, undefined, undefined, 'BODY_TOO_LARGE', 'CHARSET_REFUSED', 'DUPLICATE_KEY'],
    ),
    tried: fc.subarray([...HASHES], { minLength: 2 }),
    valid: fc.subarray([...HASHES], { minLength: 1 }),
    edits: fc.option(fc.subarray(['bom', 'comment', 'usage_asked'] as const, { minLength: 1 }), {
      nil: undefined,
      freq: 1,
    }),
    ai,
  })
  .map(({ state, bytes, format, problem, tried, valid, edits, ai }) => {
    if (state === 'streamed') return { state, bytes: 0, format, ...without({ ai }) };
    if (problem !== undefined) return { state, bytes, format, problem: { code: problem } };
    const schemas = tried.map((schema_hash) => ({ schema_hash, is_valid: valid.includes(schema_hash) }));
    const repair = edits && {
      bytes,
      edits: edits.map((kind, offset) => ({ kind, offset, removed: 1, inserted: 0 })),
    };
    return { state, bytes, format, schemas, ...without({ repair, ai }) };
  }) as fc.Arbitrary<BodyFacts>;

/** Requests that were looked into, and those that nobody has. Whoever sees a body has seen the path before. */
export const bodyRequests: fc.Arbitrary<EgressRequest> = fc
  .record({
    request: requests.filter(({ protocol, path }) => protocol !== 'connect' && path !== undefined),
    body: fc.option(bodies, { nil: undefined, freq: 3 }),
  })
  .map(({ request, body }) =>
    body === undefined || request.protocol === 'websocket' ? request : { ...request, body },
  );
