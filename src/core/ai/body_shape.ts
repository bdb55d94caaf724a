import type { JsonValue } from '../canonical/json_value.ts';
import type { Dialect, Endpoint } from './facts.ts';
import { isList, isObject, type JsonObject, listOf, member, textOf } from './fields.ts';

/** The members that a call stands in. Exactly those of its format must be there, none of another. */
const PRINCIPALS = ['messages', 'input', 'prompt', 'contents', 'content', 'requests', 'jsonrpc'] as const;
type Principal = (typeof PRINCIPALS)[number];
type Fits = (value: JsonValue) => boolean;
interface Shape {
  readonly needs: Readonly<Partial<Record<Principal, Fits>>>;
  /** May stand there, too. */
  readonly may?: Readonly<Partial<Record<Principal, Fits>>>;
}

const textOrList: Fits = (value) => typeof value === 'string' || isList(value);
const messages: Fits = (value) => isList(value) && value.every(isMessage);
const contents: Fits = (value) =>
  (isList(value) ? value : [value]).every((item) => isObject(item) && isList(member(item, 'parts')));

const SHAPES: Readonly<Record<string, Shape>> = {
  'openai chat': { needs: { messages } },
  'openai completions': { needs: { prompt: textOrList } },
  'openai embeddings': { needs: { input: textOrList } },
  'anthropic messages': { needs: { messages } },
  'anthropic count_tokens': { needs: { messages } },
  'gemini generate': { needs: { contents } },
  'gemini embeddings': { needs: { content: isObject } },
  'gemini batch': { needs: { requests: isList } },
  'ollama chat': { needs: { messages } },
};

/** Bodies that may leave their main member out: Responses with a stored prompt, Ollama that only loads a model. */
const LOOSE: Readonly<Record<string, Shape>> = {
  'openai responses': { needs: {}, may: { input: textOrList, prompt: isObject } },
  'ollama generate': { needs: {}, may: { prompt: (value) => typeof value === 'string' } },
  'ollama embeddings': {
    needs: {},
    may: { input: textOrList, prompt: (value) => typeof value === 'string' },
  },
  'gemini count_tokens': { needs: {}, may: { contents } },
};

export interface Wanted {
  readonly dialect: Dialect;
  readonly endpoint: Endpoint;
  readonly isBatch?: boolean;
}

/** Whether a body can be such a call. */
export function fitsShape(body: JsonObject, { dialect, endpoint, isBatch }: Wanted): boolean {
  const name = isBatch === true ? `${dialect} batch` : `${dialect} ${endpoint}`;
  const shape = SHAPES[name] ?? LOOSE[name];
  if (shape === undefined) return false;
  // A stored prompt of Responses brings its model along.
  const isNamed = dialect === 'gemini' || textOf(body, 'model') !== undefined;
  if (!isNamed && !(endpoint === 'responses' && isObject(member(body, 'prompt')))) return false;
  return PRINCIPALS.every((principal) => {
    const value = member(body, principal);
    const need = shape.needs[principal];
    if (value === undefined) return need === undefined;
    return (need ?? shape.may?.[principal] ?? never)(value);
  });
}

const never: Fits = () => false;
const MARKS = [
  ...['max_tokens', 'max_completion_tokens', 'max_output_tokens', 'temperature', 'top_p', 'stream', 'tools'],
  ...['instructions', 'generationConfig', 'generation_config', 'previous_response_id'],
];

/** Whether a body can hardly be anything but a call of a model, wherever it is sent. */
export function looksLikeCall(body: JsonValue): boolean {
  if (!isObject(body)) return false;
  if (member(body, 'contents') !== undefined) return listOf(body, 'contents').some(hasParts);
  if (typeof member(body, 'model') !== 'string') return false;
  if (listOf(body, 'messages').some(isMessage)) return true;
  const hasInput = member(body, 'input') !== undefined || member(body, 'prompt') !== undefined;
  return hasInput && MARKS.some((name) => member(body, name) !== undefined);
}

function hasParts(value: JsonValue): boolean {
  return isList(member(value, 'parts'));
}

function isMessage(value: JsonValue): boolean {
  return isObject(value) && textOf(value, 'role') !== undefined;
}
