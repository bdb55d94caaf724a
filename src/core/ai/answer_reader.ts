import type { JsonValue } from '../canonical/json_value.ts';
import type { Result } from '../result.ts';
import { Answer, type AnswerFacts } from './answer.ts';
import { takeMessage, takeMessageEvent } from './answer_anthropic.ts';
import { takeGenerated } from './answer_gemini.ts';
import { takeOllama } from './answer_ollama.ts';
import { takeChat } from './answer_openai_chat.ts';
import { takeResponse, takeResponseEvent } from './answer_openai_responses.ts';
import type { Dialect, Endpoint } from './facts.ts';
import { isList, isObject, type JsonObject } from './fields.ts';
import type { ToolCall, ToolCalls } from './tool_calls.ts';

/** Text to JSON. Whoever passes one decides about duplicate keys: `core/body` refuses them. */
export type ParseJson = (text: string) => Result<JsonValue, unknown>;

export interface AnswerKind {
  readonly dialect: Dialect;
  readonly endpoint: Endpoint;
}

/** Facts of a whole answer; a list is a stream of Gemini in the form of one document. */
export function readAnswer(kind: AnswerKind, value: JsonValue): AnswerFacts {
  const answer = new Answer(kind.dialect, kind.endpoint);
  if (isList(value) && kind.dialect === 'gemini') {
    value.forEach((item, piece) => {
      if (isObject(item)) takeGenerated(answer, item, piece, true);
      else answer.issue('EVENT_UNREADABLE');
    });
  } else if (isObject(value)) takeWhole(answer, kind, value);
  else answer.issue('EVENT_UNREADABLE');
  return answer.facts;
}

function takeWhole(answer: Answer, { dialect, endpoint }: AnswerKind, value: JsonObject): undefined {
  if (dialect === 'anthropic') takeMessage(answer, value);
  else if (dialect === 'gemini') takeGenerated(answer, value, 0, false);
  else if (dialect === 'ollama') takeOllama(answer, value, 0);
  else if (endpoint === 'responses') takeResponse(answer, value);
  else takeChat(answer, value, false);
}

/** Facts of a streamed answer: give it every event or line as it comes. Nothing of an event outlives it but its facts. */
export class AnswerStream {
  readonly #kind: AnswerKind;
  readonly #answer: Answer;
  readonly #parse: ParseJson;
  #pieces = 0;

  constructor(kind: AnswerKind, parse: ParseJson) {
    this.#kind = kind;
    this.#answer = new Answer(kind.dialect, kind.endpoint);
    this.#parse = parse;
  }

  /** An event of SSE, or a line of JSON; `isLossy`: it was not UTF-8. Returns the calls that became whole with it. */
  take(event: {
    readonly type?: string;
    readonly data: string;
    readonly isLossy?: boolean;
  }): readonly ToolCall[] {
    const { dialect, endpoint } = this.#kind;
    if (this.#answer.isComplete && !this.#mayFollow(event.data)) this.#answer.issue('EVENT_AFTER_END');
    if (dialect === 'openai' && event.data.trim() === '[DONE]') this.#answer.complete();
    else {
      const parsed = event.isLossy === true ? undefined : this.#parse(event.data);
      if (parsed?.ok !== true || !isObject(parsed.value)) this.#answer.issue('EVENT_UNREADABLE');
      else this.#takeEvent(dialect, endpoint, event.type ?? 'message', parsed.value);
    }
    this.#pieces += 1;
    return this.#answer.calls.takeEnded();
  }

  get facts(): AnswerFacts {
    return this.#answer.facts;
  }

  /** Calls so far, also those that are not whole yet. */
  get calls(): Pick<ToolCalls, 'begun' | 'isOpen' | 'units'> {
    return this.#answer.calls;
  }

  #takeEvent(dialect: Dialect, endpoint: Endpoint, type: string, value: JsonObject): undefined {
    const answer = this.#answer;
    if (dialect === 'anthropic') {
      // Clients go by the name of the event, some readers by its data: both must say the same.
      if (type !== value['type']) answer.issue('EVENT_UNREADABLE');
      takeMessageEvent(answer, value);
    } else if (dialect === 'gemini') takeGenerated(answer, value, this.#pieces, true);
    else if (dialect === 'ollama') takeOllama(answer, value, this.#pieces);
    else if (endpoint === 'responses') takeResponseEvent(answer, value);
    else takeChat(answer, value, true);
  }

  /** `[DONE]` behind the end of Responses; Gemini, whose last pieces may each say why they end. */
  #mayFollow(data: string): boolean {
    return (
      this.#kind.dialect === 'gemini' || (this.#kind.endpoint === 'responses' && data.trim() === '[DONE]')
    );
  }
}
