import type { ProtocolMatch } from '../../gen/policy_document.ts';
import { PROVIDERS } from '../ai/facts.ts';
import type { AiFacts } from '../contract/body_facts.ts';
import type { RequestDemands } from '../contract/demands.ts';
import { mayCarryCall } from '../request/call_path.ts';
import type { PlanMatch, ProtocolKind } from './plan.ts';
import type { Tri } from './predicates.ts';
import type { RequestView } from './request_view.ts';

/** What a match asks of a call of AI beside its kind. */
export interface CallMatch {
  readonly providers?: ReadonlySet<string>;
  readonly endpoints?: ReadonlySet<string>;
  /** Names, or beginnings of names with an asterisk behind them. */
  readonly models?: readonly string[];
  readonly toolsOnly?: ReadonlySet<string>;
  readonly toolsAnyOf?: ReadonlySet<string>;
  readonly methods?: ReadonlySet<string>;
  readonly targets?: ReadonlySet<string>;
}

const AI_KINDS: readonly (ProtocolKind | undefined)[] = ['llm', 'mcp', 'a2a'];

/** Whether the body says if a request is of this kind. */
export function isOfAi(kind: ProtocolKind | undefined): boolean {
  return AI_KINDS.includes(kind);
}

/** Nothing where a match asks for no more than the kind. */
export function callMatch(protocol: ProtocolMatch): { readonly call?: CallMatch } {
  const { providers, endpoints, models, tools, methods, targets } = protocol;
  const call: CallMatch = {
    ...(providers ? { providers: new Set<string>(providers) } : {}),
    ...(endpoints ? { endpoints: new Set<string>(endpoints) } : {}),
    ...(models ? { models } : {}),
    ...(tools?.only ? { toolsOnly: new Set(tools.only) } : {}),
    ...(tools?.any_of ? { toolsAnyOf: new Set(tools.any_of) } : {}),
    ...(methods ? { methods: new Set(methods) } : {}),
    ...(targets ? { targets: new Set(targets) } : {}),
  };
  return Object.keys(call).length === 0 ? {} : { call };
}

/**
 * Whether a request that is no CONNECT is a call of this kind. `pending`: nobody has looked yet. `unread`: somebody has,
 * and cannot say for certain. WebSockets are of their own kind and of no other, and so are gRPC calls that name a method of gRPC.
 */
export function testAiKind(kind: ProtocolKind | undefined, { request }: RequestView): Tri {
  const call = callOf(request);
  return typeof call === 'string' ? call : call.kind === kind ? 'yes' : 'no';
}

function callOf(request: RequestView['request']): AiFacts | Tri {
  const { body } = request;
  if (!mayCarryCall(request)) return 'no';
  if (body === undefined) return 'pending';
  const { ai, state, problem } = body;
  // Only of a body that was read to its end can be said that it is no call.
  if (ai === undefined) return state === 'complete' && problem === undefined ? 'no' : 'unread';
  return ai.kind === 'unknown' ? 'unread' : ai;
}

/** What a rule says that the calls are which it allows. */
export type Word = NonNullable<RequestDemands['word']>;

export function wordOf({ kind, call }: PlanMatch): Word | undefined {
  if (kind !== 'llm' && kind !== 'mcp' && kind !== 'a2a') return undefined;
  const [only, ...more] = call?.providers ?? [];
  const provider = more.length === 0 ? PROVIDERS.find((one) => one === only) : undefined;
  return provider === undefined ? { kind } : { kind, provider };
}

type TestCall = (asked: CallMatch, call: AiFacts) => Tri;

/** By the names that a document calls them. */
export const CALL_PREDICATES: readonly (readonly [name: string, key: keyof CallMatch, test: TestCall])[] = [
  ['protocol.providers', 'providers', (asked, { provider }) => isListed(asked.providers, provider)],
  ['protocol.endpoints', 'endpoints', (asked, { endpoint }) => isListed(asked.endpoints, endpoint)],
  ['protocol.models', 'models', (asked, { model }) => testModel(asked.models ?? [], model)],
  [
    'protocol.tools.only',
    'toolsOnly',
    (asked, { tools = [] }) => known(tools.every((one) => asked.toolsOnly?.has(one))),
  ],
  [
    'protocol.tools.any_of',
    'toolsAnyOf',
    (asked, { tools = [] }) => known(tools.some((one) => asked.toolsAnyOf?.has(one))),
  ],
  ['protocol.methods', 'methods', (asked, { method }) => known(asked.methods?.has(method ?? '') === true)],
  ['protocol.targets', 'targets', (asked, { target }) => known(asked.targets?.has(target ?? '') === true)],
];

/** One of CALL_PREDICATES as a rule asks it. */
export function testCall(key: keyof CallMatch, test: TestCall): (match: PlanMatch, view: RequestView) => Tri {
  return ({ call: asked, kind }, view) => {
    if (asked?.[key] === undefined) return 'yes';
    if (view.isTunnel) return 'unknown';
    const call = callOf(view.request);
    if (typeof call === 'string') return call;
    return call.kind === kind ? test(asked, call) : 'no';
  };
}

/** A call always has them; one without was not read. */
function isListed(listed: ReadonlySet<string> | undefined, value: string | undefined): Tri {
  return value === undefined ? 'unread' : known(listed?.has(value) === true);
}

/** Some addresses name a deployment and no model. Longer names than a pattern can have are cut, which changes no answer. */
function testModel(patterns: readonly string[], model: string | undefined): Tri {
  if (model === undefined) return 'unread';
  return known(patterns.some((pattern) => isModel(pattern, model)));
}

function isModel(pattern: string, model: string): boolean {
  return pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : model === pattern;
}

function known(holds: boolean): Tri {
  return holds ? 'yes' : 'no';
}
