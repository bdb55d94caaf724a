import { declaredTools, TOOLS_MAX, toolChoice } from './declared_tools.ts';
import { estimateInput } from './estimate.ts';
import { type Framing, type LlmRequest, type Provider, type Unknown, unknown } from './facts.ts';
import { Fields, type JsonObject } from './fields.ts';
import { withoutCase } from './letters.ts';
import { type OutputBound, outputBound } from './output_bound.ts';
import type { PathShape } from './paths.ts';

/** Every field that facts come from, of all formats: in other letters it is another field for us, the same for some servers. */
const READ_FIELDS = [
  ...['model', 'stream', 'stream_options', 'tools', 'functions', 'mcp_servers', 'tool_choice', 'toolConfig'],
  ...['tool_config', 'n', 'best_of', 'max_tokens', 'max_completion_tokens', 'max_output_tokens', 'options'],
  ...['generationConfig', 'generation_config', 'service_tier', 'speed', 'inference_geo', 'messages', 'input'],
  ...['prompt', 'contents', 'content', 'requests', 'images', 'raw', 'system', 'num_predict', 'plugins'],
  ...['web_search_options', 'search_parameters', 'data_sources', 'cachedContent', 'cached_content'],
  ...['modalities', 'audio'],
];
const CANONICAL = new Map(READ_FIELDS.map((name) => [withoutCase(name), name]));
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
  const other = otherModels(body, model);
  if (other !== undefined) return unknown('MODEL_DISAGREES', `/${other}`);
  const stream = streams(fields, shape);
  const tools = declaredTools(fields, dialect);
  const choice = toolChoice(fields, dialect);
  const output = outputBound(fields, shape, provider);
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
    ...boundFacts(output),
    ...(asks === undefined ? {} : { asks_usage: asks }),
    surcharges: surcharges(fields),
  };
}

function boundFacts({ tokens, choices }: OutputBound) {
  if (tokens !== undefined) return { max_output_tokens: tokens };
  return choices > 1 ? { choices } : {};
}

function isOddCase(key: string): boolean {
  const canonical = CANONICAL.get(withoutCase(key));
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

/** Lists from which a router takes another model when the first one fails, which who asks can bring about. */
function otherModels(body: JsonObject, model: string | undefined): string | undefined {
  return Object.keys(body).find((key) => {
    const isList = /^(?:models|.*fallbacks)$/.test(withoutCase(key));
    const value = body[key] ?? null;
    const names = Array.isArray(value) ? value : [value];
    return isList && names.some((name) => name !== null && name !== model);
  });
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

/** A price that is not known is a fact, not an error. */
function surcharges(fields: Fields): readonly string[] {
  return [...dearerTiers(fields), ...dearerOutput(fields)];
}

/** Sound and pictures that a model makes cost many times what its text does. */
function dearerOutput(fields: Fields): readonly string[] {
  const config = fields.object(fields.spelled('generationConfig', 'generation_config'));
  const kinds = [
    fields.raw('modalities'),
    config?.raw('responseModalities'),
    config?.raw('response_modalities'),
  ].flatMap((one) => one ?? []);
  const isText = kinds.every((kind) => typeof kind === 'string' && kind.toLowerCase() === 'text');
  return isText && fields.raw('audio') === undefined ? [] : ['modalities:other'];
}

function dearerTiers(fields: Fields): readonly string[] {
  return Object.entries(USUAL).flatMap(([name, usual]) => {
    const value = fields.raw(name);
    if (value === undefined || (typeof value === 'string' && usual.includes(value))) return [];
    return [`${name}:${typeof value === 'string' ? value.slice(0, 32) : 'other'}`];
  });
}
