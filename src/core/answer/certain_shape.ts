import type { AnswerKind } from '../ai/answer_reader.ts';
import { isList, isObject, type JsonObject, listOf, member, textOf } from '../ai/fields.ts';
import type { JsonValue } from '../canonical/json_value.ts';

/** Members that calls of tools stand in, or stand below. In another spelling they are the same for some clients. */
const SPELLINGS = [
  ...['choices', 'delta', 'message', 'tool_calls', 'function_call', 'function', 'custom', 'name'],
  ...['type', 'item', 'response', 'output', 'content', 'content_block', 'index'],
  ...['candidates', 'parts', 'functionCall', 'executableCode'],
];
const CANONICAL = new Map(SPELLINGS.map((name) => [plain(name), name]));
/** In other formats `functionCall` is what Chat spells `function_call`, and neither reads the other one. */
const BOTH = ['function_call', 'functionCall'];

/**
 * Whether every client reads the same calls out of an event, or a whole answer, as we do. The readers of `core/ai` skip what
 * is not shaped as the protocol says; where a rule is about calls, nothing of it may be skipped.
 */
export function isCertain(kind: AnswerKind, value: JsonValue, isEvent: boolean): boolean {
  if (isList(value) && kind.dialect === 'gemini')
    return value.every((item) => isCertain(kind, item, isEvent));
  if (!isObject(value) || !isSpelled(value)) return false;
  if (kind.dialect === 'anthropic') return isMessageCertain(value);
  if (kind.dialect === 'gemini') return isGeneratedCertain(value);
  if (kind.dialect === 'ollama') return isOptional(value, 'message', isSaidCertain);
  return kind.endpoint === 'responses' ? isResponseCertain(value) : isChatCertain(value, isEvent);
}

function isChatCertain(value: JsonObject, isEvent: boolean): boolean {
  return isListOf(value, 'choices', (choice) => {
    // A chunk with a whole message, or a message with a delta: each client reads another one.
    if (member(choice, isEvent ? 'message' : 'delta') !== undefined) return false;
    return isOptional(choice, isEvent ? 'delta' : 'message', isSaidCertain);
  });
}

/** What is said in Chat and Ollama. */
function isSaidCertain(said: JsonObject): boolean {
  return isOptional(said, 'function_call', isNamed) && isListOf(said, 'tool_calls', isListedCertain);
}

function isListedCertain(call: JsonObject): boolean {
  if (member(call, 'function') !== undefined && member(call, 'custom') !== undefined) return false;
  return isOptional(call, 'function', isNamed) && isOptional(call, 'custom', isNamed);
}

function isNamed(call: JsonObject): boolean {
  return member(call, 'name') === undefined || textOf(call, 'name') !== undefined;
}

/** What begins a message must not hold any of it: libraries take it as it stands. */
function isMessageCertain(value: JsonObject): boolean {
  const begins = textOf(value, 'type') === 'message_start';
  const isEmpty = listOf(member(value, 'message'), 'content').length === 0;
  return (
    (!begins || isEmpty) &&
    isOptional(value, 'message', (message) => isListOf(message, 'content', isNamed)) &&
    isListOf(value, 'content', isNamed) &&
    isOptional(value, 'content_block', isNamed)
  );
}

function isGeneratedCertain(value: JsonObject): boolean {
  return isListOf(value, 'candidates', (candidate) =>
    isOptional(candidate, 'content', (content) =>
      isListOf(
        content,
        'parts',
        (part) =>
          isOptional(part, 'functionCall', (call) => textOf(call, 'name') !== undefined) &&
          isOptional(part, 'executableCode', () => true),
      ),
    ),
  );
}

const BEGINNINGS = ['response.created', 'response.queued', 'response.in_progress'];

function isResponseCertain(value: JsonObject): boolean {
  const response = member(value, 'response');
  const begins = BEGINNINGS.includes(textOf(value, 'type') ?? '');
  return (
    (!begins || listOf(response, 'output').length === 0) &&
    isOptional(value, 'response', (whole) => isListOf(whole, 'output', isNamed)) &&
    isOptional(value, 'item', isNamed) &&
    isListOf(value, 'output', isNamed)
  );
}

/** Absent, or an object that is as it should be. */
function isOptional(value: JsonObject, name: string, fits: (inner: JsonObject) => boolean): boolean {
  const inner = member(value, name);
  return inner === undefined || (isObject(inner) && isSpelled(inner) && fits(inner));
}

/** Absent, or a list of objects that are as they should be. */
function isListOf(value: JsonObject, name: string, fits: (item: JsonObject) => boolean): boolean {
  const inner = member(value, name);
  if (inner === undefined) return true;
  return isList(inner) && inner.every((item) => isObject(item) && isSpelled(item) && fits(item));
}

function isSpelled(value: JsonObject): boolean {
  return Object.keys(value).every((key) => {
    const canonical = CANONICAL.get(plain(key));
    return canonical === undefined || canonical === key || (BOTH.includes(key) && !hasBoth(value));
  });
}

function hasBoth(value: JsonObject): boolean {
  return BOTH.every((name) => Object.hasOwn(value, name));
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}
