import type { JsonValue } from '../canonical/json_value.ts';
import type { Dialect } from './facts.ts';
import { countOf, isObject, type JsonObject, member } from './fields.ts';

/** What a provider counted. Every number is part of `input` or of `output`, and of none twice. */
export interface Usage {
  /** All of it: read from a cache, written to one, or neither. */
  readonly input: number;
  readonly cached: number;
  readonly cache_write: number;
  /** Of `cache_write`: kept for an hour, at another price. */
  readonly cache_write_1h: number;
  /** With reasoning. */
  readonly output: number;
  readonly reasoning: number;
  /** Of input and output: sound and moving pictures, which have prices of their own. */
  readonly audio: number;
}

/** Undefined where nothing was counted, or where what was counted cannot be. */
export function readUsage(value: JsonValue | undefined, dialect: Dialect): Usage | undefined {
  if (!isObject(value)) return undefined;
  const usage = READERS[dialect](value);
  if (usage === undefined) return undefined;
  const { input, cached, cache_write, cache_write_1h, output, reasoning } = usage;
  const isSound = cached + cache_write <= input && cache_write_1h <= cache_write && reasoning <= output;
  return isSound && Number.isSafeInteger(input + output) ? usage : undefined;
}

const READERS: Readonly<Record<Dialect, (value: JsonObject) => Usage | undefined>> = {
  openai: (value) => {
    const input = countOf(value, 'prompt_tokens') ?? countOf(value, 'input_tokens');
    const output = countOf(value, 'completion_tokens') ?? countOf(value, 'output_tokens') ?? 0;
    if (input === undefined) return undefined;
    const ins = member(value, 'prompt_tokens_details') ?? member(value, 'input_tokens_details');
    const outs = member(value, 'completion_tokens_details') ?? member(value, 'output_tokens_details');
    return {
      input,
      cached: countOf(ins, 'cached_tokens') ?? 0,
      cache_write: countOf(ins, 'cache_write_tokens') ?? 0,
      cache_write_1h: 0,
      output,
      reasoning: countOf(outs, 'reasoning_tokens') ?? 0,
      audio: (countOf(ins, 'audio_tokens') ?? 0) + (countOf(outs, 'audio_tokens') ?? 0),
    };
  },
  // Anthropic counts what it reads from the cache and writes to it beside the input, not in it.
  anthropic: (value) => {
    const input = countOf(value, 'input_tokens');
    const output = countOf(value, 'output_tokens') ?? 0;
    const cached = countOf(value, 'cache_read_input_tokens') ?? 0;
    const cache_write = countOf(value, 'cache_creation_input_tokens') ?? 0;
    const cache_write_1h = countOf(member(value, 'cache_creation'), 'ephemeral_1h_input_tokens') ?? 0;
    const reasoning = countOf(member(value, 'output_tokens_details'), 'thinking_tokens') ?? 0;
    if (input === undefined && countOf(value, 'output_tokens') === undefined) return undefined;
    return {
      ...NO_USAGE,
      input: (input ?? 0) + cached + cache_write,
      cached,
      cache_write,
      cache_write_1h,
      output,
      reasoning,
    };
  },
  // Gemini counts thoughts beside the candidates, and results of its own tools beside the prompt.
  gemini: (value) => {
    const prompt = countOf(value, 'promptTokenCount');
    if (prompt === undefined) return undefined;
    const reasoning = countOf(value, 'thoughtsTokenCount') ?? 0;
    return {
      ...NO_USAGE,
      input: prompt + (countOf(value, 'toolUsePromptTokenCount') ?? 0),
      cached: countOf(value, 'cachedContentTokenCount') ?? 0,
      output: (countOf(value, 'candidatesTokenCount') ?? 0) + reasoning,
      reasoning,
      audio: modality(value, 'promptTokensDetails') + modality(value, 'candidatesTokensDetails'),
    };
  },
  // Ollama leaves the prompt out when it still has it from the last call.
  ollama: (value) => {
    const output = countOf(value, 'eval_count');
    const input = countOf(value, 'prompt_eval_count');
    if (output === undefined && input === undefined) return undefined;
    return { ...NO_USAGE, input: input ?? 0, output: output ?? 0 };
  },
};

export const NO_USAGE: Usage = {
  input: 0,
  cached: 0,
  cache_write: 0,
  cache_write_1h: 0,
  output: 0,
  reasoning: 0,
  audio: 0,
};

function modality(value: JsonObject, name: string): number {
  const details = member(value, name);
  if (!Array.isArray(details)) return 0;
  const other = details.filter((item) => ['AUDIO', 'VIDEO'].includes(String(member(item, 'modality'))));
  return other.reduce((sum: number, item) => sum + (countOf(item, 'tokenCount') ?? 0), 0);
}

/** Streams count upwards and some events leave numbers out: nothing once counted is forgotten. */
export function largerUsage(a: Usage | undefined, b: Usage | undefined): Usage | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    input: Math.max(a.input, b.input),
    cached: Math.max(a.cached, b.cached),
    cache_write: Math.max(a.cache_write, b.cache_write),
    cache_write_1h: Math.max(a.cache_write_1h, b.cache_write_1h),
    output: Math.max(a.output, b.output),
    reasoning: Math.max(a.reasoning, b.reasoning),
    audio: Math.max(a.audio, b.audio),
  };
}
