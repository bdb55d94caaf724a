import { declaredTools, TOOLS_MAX, toolChoice } from './declared_tools.ts';
import { estimateInput } from './estimate.ts';
import { type Framing, type LlmRequest, type Provider, type Unknown, unknown } from './facts.ts';
import { Fields, type JsonObject } from './fields.ts';
import type { PathShape } from './paths.ts';

/** Every field that facts come from, of all formats: in other letters it is another field for us, the same for some servers. */
const READ_FIELDS = [
  ...['model', 'stream', 'stream_options', 'tools', 'functions', 'mcp_servers', 'tool_choice', 'toolConfig'],
  ...['tool_config', 'n', 'best_of', 'max_tokens', 'max_completion_tokens', 'max_output_tokens', 'options'],
  ...['generationConfig', 'generation_config', 'service_tier', 'speed', 'inference_geo', 'messages', 'input'],
  ...['prompt', 'contents', 'content', 'requests', 'images', 'raw', 'system', 'num_predict'],
];
const CANONICAL = new Map(READ_FIELDS.map((name) => [name.toLowerCase(), name]));
/** Values that do not change the price, by the field that could. */
const USUAL: Readonly<Record<string, readonly string[]>> = {
  service_tier: ['auto', 'default', 'standard', 'standard_only', 'flex'],
  speed: ['standard'],
  inference_geo: ['global'],
};

export interface CallContext {
  readonly body: JsonObject;
  readonly body_bytes: number;
  readonly shape: PathShape;
  readonly provider: Provider;
  /** Whether the query asks for events (Gemini's `alt=sse`). */
  readonly asksEvents: boolean;
}

/** The facts of a call whose path and body agree. */
export function callFacts(context: CallContext): LlmRequest | Unknown {
  const { body, shape, provider } = context;
  const { dialect, endpoint } = shape;
  const odd = Object.keys(body).find((key) => isOddCase(key));
  if (odd !== undefined) return unknown('FIELD_CASE', `/${odd}`);
  const fields = new Fields(body);
  const model = modelOf(fields, shape);
  if (model === 'disagrees') return unknown('MODEL_DISAGREES', '/model');
  const stream = streams(fields, shape);
  const tools = declaredTools(fields, dialect);
  const choice = toolChoice(fields, dialect);
  const output = maxOutput(fields, shape);
  const asks = fields.object('stream_options')?.flag('include_usage');
  if (fields.problem !== undefined) return unknown('FIELD_INVALID', fields.problem);
  if (tools.length > TOOLS_MAX) return unknown('TOO_MANY_TOOLS', '/tools');
  return {
    kind: 'llm',
    provider,
    dialect,
    endpoint,
    ...(model === undefined ? {} : { model }),
    ...(shape.deployment === undefined ? {} : { deployment: shape.deployment }),
    stream,
    framing: framing(context, stream),
    tools,
    ...(choice === undefined ? {} : { tool_choice: choice }),
    input: estimateInput(body, { body_bytes: context.body_bytes, tools }),
    ...(output === undefined ? {} : { max_output_tokens: output }),
    ...(asks === undefined ? {} : { asks_usage: asks }),
    surcharges: surcharges(fields),
  };
}

function isOddCase(key: string): boolean {
  const canonical = CANONICAL.get(key.toLowerCase());
  return canonical !== undefined && canonical !== key && !READ_FIELDS.includes(key);
}

/** A deployment decides itself which model answers, whatever the body names. */
function modelOf(fields: Fields, shape: PathShape): string | undefined {
  const said = fields.text('model');
  if (shape.deployment !== undefined) return undefined;
  if (shape.model === undefined)
    return said ?? (shape.endpoint === 'responses' ? undefined : fields.refuse('model'));
  const bare = said?.replace(/^(?:.*\/)?models\//, '');
  return bare === undefined || bare === shape.model ? shape.model : 'disagrees';
}

/** Ollama streams unless told not to; Gemini says it in the path. */
function streams(fields: Fields, shape: PathShape): boolean {
  if (shape.stream !== undefined) return shape.stream;
  if (shape.endpoint === 'embeddings' || shape.endpoint === 'count_tokens') return false;
  return fields.flag('stream') ?? shape.dialect === 'ollama';
}

function framing({ shape, asksEvents }: CallContext, stream: boolean): Framing {
  if (!stream) return 'json';
  if (shape.dialect === 'ollama') return 'json_lines';
  return shape.dialect === 'gemini' && !asksEvents ? 'json_array' : 'sse';
}

function maxOutput(fields: Fields, { dialect, endpoint }: PathShape): number | undefined {
  if (endpoint === 'embeddings' || endpoint === 'count_tokens') return 0;
  if (dialect === 'anthropic') return fields.count('max_tokens') ?? fields.refuse('max_tokens');
  if (dialect === 'ollama') return ollamaOutput(fields);
  if (dialect === 'gemini') return geminiOutput(fields);
  const names = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'];
  const limits = names.flatMap((name) => fields.count(name) ?? []);
  const choices = Math.max(1, fields.count('n') ?? 1, fields.count('best_of') ?? 1);
  // Each server reads the one that it knows: the larger one holds for all.
  return limits.length === 0 ? undefined : bounded(Math.max(...limits) * choices);
}

function geminiOutput(fields: Fields): number | undefined {
  const config = fields.object(fields.spelled('generationConfig', 'generation_config'));
  const limit = config?.count(config.spelled('maxOutputTokens', 'max_output_tokens'));
  const choices = config?.count(config.spelled('candidateCount', 'candidate_count')) ?? 1;
  return limit === undefined ? undefined : bounded(limit * Math.max(1, choices));
}

/** Negative means without end. */
function ollamaOutput(fields: Fields): number | undefined {
  const options = fields.object('options');
  const limit = options?.raw('num_predict');
  if (typeof limit === 'number' && limit < 0) return undefined;
  return options?.count('num_predict');
}

function bounded(tokens: number): number {
  return Math.min(tokens, Number.MAX_SAFE_INTEGER);
}

/** A price that is not known is a fact, not an error. */
function surcharges(fields: Fields): readonly string[] {
  return Object.entries(USUAL).flatMap(([name, usual]) => {
    const value = fields.raw(name);
    if (value === undefined || (typeof value === 'string' && usual.includes(value))) return [];
    return [`${name}:${typeof value === 'string' ? value.slice(0, 32) : 'other'}`];
  });
}
