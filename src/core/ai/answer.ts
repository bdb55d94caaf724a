import type { JsonValue } from '../canonical/json_value.ts';
import type { Dialect, Endpoint } from './facts.ts';
import { member, textOf } from './fields.ts';
import { type ToolCall, type ToolCallIssue, ToolCalls } from './tool_calls.ts';
import { largerUsage, readUsage, type Usage } from './usage.ts';

export type AnswerIssue =
  | ToolCallIssue
  /** No JSON, or none of the shape that the protocol gives it. */
  | 'EVENT_UNREADABLE'
  /** Fields of use were there and made no sense. */
  | 'USAGE_INVALID'
  /** The model's name changes under way. */
  | 'MODEL_CHANGED'
  /** Something stands behind the end. */
  | 'EVENT_AFTER_END';

/** Issues that leave no doubt about which tools are called. */
export const BENIGN_ISSUES: readonly AnswerIssue[] = ['USAGE_INVALID', 'MODEL_CHANGED'];

/** What an answer of a model says. */
export interface AnswerFacts {
  readonly model?: string;
  readonly usage?: Usage;
  /** Whole calls, in the order in which they were begun. */
  readonly tool_calls: readonly ToolCall[];
  /** As the provider names them, one per choice. */
  readonly finish_reasons: readonly string[];
  /** Types and codes alone: messages can hold what was sent. */
  readonly errors: readonly { readonly type?: string; readonly code?: string }[];
  /** The provider has said that it is done; a stream that breaks off has not. */
  readonly is_complete: boolean;
  /** Of the request as served, where it changes the price. */
  readonly service_tier?: string;
  readonly issues: readonly AnswerIssue[];
}

const SHORT_MAX = 64;
const FINISHES_MAX = 128;
const ERRORS_MAX = 16;

/** What the events of an answer, or the answer as a whole, have told so far. */
export class Answer {
  readonly calls = new ToolCalls();
  readonly endpoint: Endpoint;
  readonly #dialect: Dialect;
  readonly #finishes: string[] = [];
  readonly #errors: { type?: string; code?: string }[] = [];
  readonly #issues = new Set<AnswerIssue>();
  #model: string | undefined;
  #usage: Usage | undefined;
  #tier: string | undefined;
  #isComplete = false;

  constructor(dialect: Dialect, endpoint: Endpoint) {
    this.#dialect = dialect;
    this.endpoint = endpoint;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  model(name: string | undefined): undefined {
    if (name === undefined || name === '') return;
    if (this.#model !== undefined && this.#model !== name) this.issue('MODEL_CHANGED');
    this.#model ??= name.slice(0, 256);
  }

  usage(value: JsonValue | undefined): undefined {
    if (value === undefined) return;
    const usage = readUsage(value, this.#dialect);
    if (usage === undefined) this.issue('USAGE_INVALID');
    this.#usage = largerUsage(this.#usage, usage);
  }

  tier(name: string | undefined): undefined {
    this.#tier = name?.slice(0, SHORT_MAX) ?? this.#tier;
  }

  finish(reason: string | undefined): undefined {
    if (reason !== undefined && this.#finishes.length < FINISHES_MAX)
      this.#finishes.push(reason.slice(0, SHORT_MAX));
  }

  error(value: JsonValue | undefined): undefined {
    const type = textOf(value, 'type') ?? textOf(value, 'status');
    const code = member(value, 'code');
    if (this.#errors.length >= ERRORS_MAX) return;
    this.#errors.push({
      ...(type === undefined ? {} : { type: type.slice(0, SHORT_MAX) }),
      ...(typeof code === 'string' || typeof code === 'number'
        ? { code: String(code).slice(0, SHORT_MAX) }
        : {}),
    });
  }

  issue(issue: AnswerIssue): undefined {
    this.#issues.add(issue);
  }

  complete(): undefined {
    this.#isComplete = true;
  }

  get facts(): AnswerFacts {
    return {
      ...(this.#model === undefined ? {} : { model: this.#model }),
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
      tool_calls: this.calls.done,
      finish_reasons: [...this.#finishes],
      errors: [...this.#errors],
      is_complete: this.#isComplete && !this.calls.isOpen,
      ...(this.#tier === undefined ? {} : { service_tier: this.#tier }),
      issues: [...this.#issues, ...this.calls.issues],
    };
  }
}
