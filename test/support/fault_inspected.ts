/** The part of the load whose bodies and answers are read: what is sent, what the upstream answers, and the rules of it. */

/** Kinds with the beginning of their path, and the body where there is one. */
const BODIES = {
  contract: { path: '/contract', body: (nonce: string) => `{"nonce":"${nonce}","amount":5}` },
  contract_denied: { path: '/contract', body: (nonce: string) => `{"nonce":"${nonce}","amount":500}` },
  mended: { path: '/mended', body: (nonce: string) => `{"nonce":"${nonce}","amount":5,}` },
  events: { path: '/events', body: undefined },
  model: { path: '/model', body: modelCall },
  inside_contract: { path: '/contract', body: (nonce: string) => `{"nonce":"${nonce}","amount":5}` },
} as const;

export type InspectedKind = keyof typeof BODIES;

export function isInspected(kind: string): kind is InspectedKind {
  return Object.hasOwn(BODIES, kind);
}

export function inspectedPath(kind: InspectedKind, nonce: string): string {
  return `${BODIES[kind].path}/${nonce}${kind === 'model' ? '/chat/completions' : ''}`;
}

export function inspectedBody(kind: InspectedKind, nonce: string): string | undefined {
  return BODIES[kind].body?.(nonce);
}

function modelCall(nonce: string): string {
  const messages = [{ role: 'user', content: `Say ${nonce}.` }];
  return JSON.stringify({ model: 'gpt-4o', max_tokens: 64, stream: isStreamed(nonce), messages });
}

/** Every other one. */
function isStreamed(nonce: string): boolean {
  return Number(nonce.at(-1)) % 2 === 0;
}

const USAGE = { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 };
/** Tokens that each call of a model comes to. */
export const MODEL_TOKENS = USAGE.total_tokens;
const ABOUT = { id: 'chatcmpl-1', created: 1, model: 'gpt-4o' };

/** What the upstream answers to a path that begins like this, in pieces with a pause between them. */
export function inspectedAnswer(
  begins: string | undefined,
  nonce: string,
): { readonly type: string; readonly pieces: readonly string[] } | undefined {
  const json = (value: object) => ({ type: 'application/json', pieces: [JSON.stringify(value)] });
  const events = (all: readonly object[]) => ({
    type: 'text/event-stream',
    pieces: [...all.map((one) => JSON.stringify(one)), '[DONE]'].map((data) => `data: ${data}\n\n`),
  });
  if (begins === 'contract' || begins === 'mended') return json({ n: 1 });
  if (begins === 'events') return events([{ n: 1 }, { n: 2 }, { n: 3 }]);
  if (begins !== 'model') return undefined;
  const choice = { index: 0, finish_reason: 'stop' };
  const message = { role: 'assistant', content: 'Yes.' };
  if (!isStreamed(nonce))
    return json({ ...ABOUT, object: 'chat.completion', choices: [{ ...choice, message }], usage: USAGE });
  const chunk = { ...ABOUT, object: 'chat.completion.chunk' };
  return events([
    { ...chunk, choices: [{ index: 0, delta: message, finish_reason: null }] },
    { ...chunk, choices: [{ ...choice, delta: {} }] },
    { ...chunk, choices: [], usage: USAGE },
  ]);
}

export const INSPECTED_SCHEMAS = [
  'schemas:',
  '  - {id: refund.v1, draft: 2020-12, schema: {type: object, required: [amount], properties: {amount: {type: integer, maximum: 100}}}}',
  '  - {id: n.v1, draft: 2020-12, schema: {type: object, required: [n], properties: {n: {type: integer}}}}',
];

/** `match`: agent and destination, the inside of a flow mapping. */
export function inspectedRules(match: string): string[] {
  const contract = 'format: json, schema: refund.v1, max_bytes: 65536';
  const answers = 'response: {inspect: json, schema: n.v1, on_violation: block}';
  return [
    `  - {id: contract, action: allow, match: {${match}, path_prefixes: [/contract]}, request: {${contract}}, ${answers}}`,
    `  - {id: mended, action: allow, match: {${match}, path_prefixes: [/mended]}, request: {${contract}, repair: once}}`,
    `  - {id: events, action: allow, match: {${match}, path_prefixes: [/events]}, response: {inspect: sse, notarize: true, on_violation: block}}`,
    `  - {id: model, action: allow, match: {${match}, path_prefixes: [/model], protocol: {kind: llm, providers: [openai]}}, request: {ask_usage: true}}`,
  ];
}

/** Far away, so that every call is reserved and settled and none is refused. */
export const INSPECTED_LIMIT =
  '  - {id: tokens, match: {path_prefixes: [/model], protocol: {kind: llm}}, per: agent, tokens: 1000000000, window: {sliding: 1d}, mode: hard_stop}';
