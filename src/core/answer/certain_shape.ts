import type { AnswerKind } from '../ai/answer_reader.ts';
import { isList, isObject, type JsonObject, listOf, member, textOf } from '../ai/fields.ts';
import { withoutCase } from '../ai/letters.ts';
import type { JsonValue } from '../canonical/json_value.ts';

/** Members that calls of tools stand in, or stand below. In another spelling they are the same for some clients. */
const SPELLINGS = [
  ...['choices', 'delta', 'message', 'tool_calls', 'function', 'custom', 'name', 'type', 'item', 'response'],
  ...['output', 'content', 'content_block', 'index', 'candidates', 'parts', 'executableCode'],
];
type Names = ReadonlyMap<string, string>;
const namesWith = (name: string): Names => new Map([...SPELLINGS, name].map((one) => [plain(one), one]));
const GEMINI_NAMES = namesWith('functionCall');
const OTHER_NAMES = namesWith('function_call');

/**
 * Whether every client reads the same calls out of an event, or a whole answer, as we do. The readers of `core/ai` skip what
 * is not shaped as the protocol says; where a rule is about calls, nothing of it may be skipped.
 */
export function isCertain({ dialect, endpoint }: AnswerKind, value: JsonValue, isEvent: boolean): boolean {
  const shape = new Shape(dialect === 'gemini' ? GEMINI_NAMES : OTHER_NAMES);
  if (isList(value) && dialect === 'gemini')
    return value.every((item) => isObject(item) && shape.isSpelled(item) && isGeneratedCertain(shape, item));
  if (!isObject(value) || !shape.isSpelled(value)) return false;
  if (dialect === 'anthropic') return isMessageCertain(shape, value);
  if (dialect === 'gemini') return isGeneratedCertain(shape, value);
  if (dialect === 'ollama') return shape.isOptional(value, 'message', (said) => isSaidCertain(shape, said));
  return endpoint === 'responses' ? isResponseCertain(shape, value) : isChatCertain(shape, value, isEvent);
}

type Fits = (inner: JsonObject) => boolean;

/** What members have to be like, with the spellings of one dialect. */
class Shape {
  readonly #names: Names;

  constructor(names: Names) {
    this.#names = names;
  }

  isSpelled(value: JsonObject): boolean {
    return Object.keys(value).every((key) => (this.#names.get(plain(key)) ?? key) === key);
  }

  /** Absent, or an object that is as it should be. */
  isOptional(value: JsonObject, name: string, fits: Fits): boolean {
    const inner = member(value, name);
    return inner === undefined || (isObject(inner) && this.isSpelled(inner) && fits(inner));
  }

  /** Absent, or a list of objects that are as they should be. */
  isListOf(value: JsonObject, name: string, fits: Fits): boolean {
    const inner = member(value, name);
    if (inner === undefined) return true;
    return isList(inner) && inner.every((item) => isObject(item) && this.isSpelled(item) && fits(item));
  }
}

function plain(name: string): string {
  return withoutCase(name).replace(/[_-]/g, '');
}

function isChatCertain(shape: Shape, value: JsonObject, isEvent: boolean): boolean {
  return shape.isListOf(value, 'choices', (choice) => {
    // A chunk with a whole message, or a message with a delta: each client reads another one.
    if (member(choice, isEvent ? 'message' : 'delta') !== undefined) return false;
    return shape.isOptional(choice, isEvent ? 'delta' : 'message', (said) => isSaidCertain(shape, said));
  });
}

/** What is said in Chat and Ollama. */
function isSaidCertain(shape: Shape, said: JsonObject): boolean {
  return (
    shape.isOptional(said, 'function_call', isNamed) &&
    shape.isListOf(said, 'tool_calls', (call) => {
      if (member(call, 'function') !== undefined && member(call, 'custom') !== undefined) return false;
      return shape.isOptional(call, 'function', isNamed) && shape.isOptional(call, 'custom', isNamed);
    })
  );
}

function isNamed(call: JsonObject): boolean {
  return member(call, 'name') === undefined || textOf(call, 'name') !== undefined;
}

/** Only calls have names: of what has one and is of no kind of call, some client may make a call all the same. */
const namedOnly =
  (calls: RegExp): Fits =>
  (block) =>
    member(block, 'name') === undefined || (isNamed(block) && calls.test(textOf(block, 'type') ?? ''));
const isBlock = namedOnly(/_use$/);
const isItem = namedOnly(/_call$|^mcp_approval_request$/);

/** What begins a message must not hold any of it: libraries take it as it stands. */
function isMessageCertain(shape: Shape, value: JsonObject): boolean {
  const begins = textOf(value, 'type') === 'message_start';
  const isEmpty = listOf(member(value, 'message'), 'content').length === 0;
  return (
    (!begins || isEmpty) &&
    shape.isOptional(value, 'message', (message) => shape.isListOf(message, 'content', isBlock)) &&
    shape.isListOf(value, 'content', isBlock) &&
    shape.isOptional(value, 'content_block', isBlock)
  );
}

function isGeneratedCertain(shape: Shape, value: JsonObject): boolean {
  const isPart: Fits = (part) =>
    shape.isOptional(part, 'functionCall', (call) => textOf(call, 'name') !== undefined) &&
    shape.isOptional(part, 'executableCode', () => true);
  return shape.isListOf(value, 'candidates', (candidate) =>
    shape.isOptional(candidate, 'content', (content) => shape.isListOf(content, 'parts', isPart)),
  );
}

const BEGINNINGS = ['response.created', 'response.queued', 'response.in_progress'];

function isResponseCertain(shape: Shape, value: JsonObject): boolean {
  const begins = BEGINNINGS.includes(textOf(value, 'type') ?? '');
  const isEmpty = listOf(member(value, 'response'), 'output').length === 0;
  return (
    (!begins || isEmpty) &&
    shape.isOptional(value, 'response', (response) => shape.isListOf(response, 'output', isItem)) &&
    shape.isOptional(value, 'item', isItem) &&
    shape.isListOf(value, 'output', isItem)
  );
}
