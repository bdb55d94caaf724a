import type { Provider } from './facts.ts';
import { type Fields, isList } from './fields.ts';
import type { PathShape } from './paths.ts';

/** How long the answers to a call can get. */
export interface OutputBound {
  /** Of all of them together; absent where nothing sets an end that is sure to be kept. */
  readonly tokens?: number;
  /** How many there are. */
  readonly choices: number;
}

const NO_OUTPUT: OutputBound = { tokens: 0, choices: 1 };
/** Services that know no name but the old one in their Chat Completions, and pass over the new one. */
const OLD_NAME_ONLY: readonly Provider[] = ['ollama', 'deepseek'];

export function outputBound(fields: Fields, shape: PathShape, provider: Provider): OutputBound {
  const { dialect, endpoint } = shape;
  if (endpoint === 'embeddings' || endpoint === 'count_tokens') return NO_OUTPUT;
  if (dialect === 'anthropic')
    return { tokens: fields.count('max_tokens') ?? fields.refuse('max_tokens') ?? 0, choices: 1 };
  if (dialect === 'ollama') return bound(ollamaLimit(fields), 1);
  if (dialect === 'gemini') return geminiBound(fields);
  return bound(openAiLimit(fields, shape, provider), openAiChoices(fields, shape));
}

/** What a limit of nothing means depends on the server: to Ollama and others it is no limit. */
function bound(limit: number | undefined, choices: number): OutputBound {
  if (limit === undefined || limit === 0) return { choices };
  return { tokens: Math.min(limit * choices, Number.MAX_SAFE_INTEGER), choices };
}

/** Lax servers pass over names that belong to another endpoint, so that only its own set an end; the larger one holds for all. */
function openAiLimit(fields: Fields, { endpoint }: PathShape, provider: Provider): number | undefined {
  const [old, chat, own] = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'].map((name) =>
    fields.count(name),
  );
  if (endpoint === 'responses') return own;
  const limits = [old, chat, own].filter((limit) => limit !== undefined);
  const isKept = old !== undefined || (endpoint === 'chat' && !OLD_NAME_ONLY.includes(provider) && !!chat);
  return isKept && !limits.includes(0) ? Math.max(...limits) : undefined;
}

/** Completions answer each prompt of a list by itself, `best_of` times. */
function openAiChoices(fields: Fields, { endpoint }: PathShape): number {
  const each = Math.max(1, fields.count('n') ?? 1, fields.count('best_of') ?? 1);
  const prompt = fields.raw('prompt');
  // A list of numbers is one prompt, in tokens.
  const isSeveral =
    endpoint === 'completions' && isList(prompt) && prompt.some((one) => typeof one !== 'number');
  return Math.min(each * (isSeveral ? Math.max(1, prompt.length) : 1), Number.MAX_SAFE_INTEGER);
}

function geminiBound(fields: Fields): OutputBound {
  const config = fields.object(fields.spelled('generationConfig', 'generation_config'));
  const limit = config?.count(config.spelled('maxOutputTokens', 'max_output_tokens'));
  const choices = config?.count(config.spelled('candidateCount', 'candidate_count')) ?? 1;
  return bound(limit, Math.max(1, choices));
}

/** Negative means without end. */
function ollamaLimit(fields: Fields): number | undefined {
  const options = fields.object('options');
  const limit = options?.raw('num_predict');
  if (typeof limit === 'number' && limit < 0) return undefined;
  return options?.count('num_predict');
}
