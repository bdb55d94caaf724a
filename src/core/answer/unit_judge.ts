import type { AnswerKind } from '../ai/answer_reader.ts';
import type { JsonProblem } from '../body/json_problem.ts';
import type { BuiltValue } from '../body/value_builder.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import type { Result } from '../result.ts';
import { EVENT_BYTES_MAX } from '../sse/event_reader.ts';
import type { AnswerJob, AnswerParts, AnswerProblem } from './answer_job.ts';
import { isCertain } from './certain_shape.ts';
import { kindOf, type ModelFindings, ModelStream } from './model_reading.ts';
import { strictValue } from './strict_value.ts';
import { ToolRule } from './tool_rule.ts';
import type { Unit } from './unit_reader.ts';

type Parsed = Result<BuiltValue, JsonProblem>;

/** Judges an answer unit by unit: schemas, and calls of tools; what the model says is read on the way. */
export class UnitJudge {
  readonly #parts: AnswerParts;
  readonly #job: AnswerJob;
  readonly #kind: AnswerKind | undefined;
  readonly #rule: ToolRule | undefined;
  readonly #schemas: readonly string[];
  readonly #model: ModelStream | undefined;
  #isOpen = false;
  /** Of the unit under way: parsed once for everybody. */
  #parsed: Parsed | undefined;

  constructor(job: AnswerJob, parts: AnswerParts) {
    const { tool_calls, schemas = [] } = job.demands;
    this.#job = job;
    this.#parts = parts;
    this.#kind = kindOf(job.ai);
    this.#rule = tool_calls === undefined ? undefined : new ToolRule(tool_calls);
    this.#schemas = schemas;
    this.#model =
      this.#kind === undefined ? undefined : new ModelStream(this.#kind, (text) => this.#parse(text));
  }

  /** A call was begun that the rule is about, and is not whole yet. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Characters of calls that are put together. */
  get kept(): number {
    return this.#model?.kept ?? 0;
  }

  take(unit: Unit): AnswerProblem | undefined {
    this.#parsed = undefined;
    this.#model?.take(unit);
    return this.#schemaProblem(unit) ?? this.#callProblem(unit);
  }

  /** Nothing comes any more. */
  end(): AnswerProblem | undefined {
    return this.#isOpen ? { code: 'TOOL_CALL_UNREADABLE' } : undefined;
  }

  findings(isEnded: boolean): ModelFindings {
    return this.#model?.findings(isEnded, { prices: this.#parts.prices, ...aiOf(this.#job) }) ?? {};
  }

  #schemaProblem(unit: Unit): AnswerProblem | undefined {
    if (this.#schemas.length === 0 || isDone(unit)) return undefined;
    if (unit.isLossy) return { code: 'NOT_UTF8' };
    const parsed = this.#parse(unit.data);
    if (!parsed.ok) return { code: parsed.problem.code, pointer: parsed.problem.pointer };
    for (const hash of this.#schemas) {
      const mistake = this.#parts.checkSchema(hash, parsed.value);
      if (mistake !== undefined) return { code: 'ANSWER_SCHEMA', pointer: mistake.pointer };
    }
    return undefined;
  }

  #callProblem(unit: Unit): AnswerProblem | undefined {
    const rule = this.#rule;
    if (rule === undefined) return undefined;
    if (this.#model === undefined || this.#kind === undefined) return { code: 'TOOL_CALL_UNREADABLE' };
    const { names, isDoubtful, isOpen } = this.#model.calls;
    this.#isOpen = isOpen;
    const mistakes = names.map((name) => (name === '' && isOpen ? undefined : rule.mistake(name)));
    // A denied name says more than the doubts about the rest.
    if (mistakes.includes('TOOL_CALL_DENIED')) return { code: 'TOOL_CALL_DENIED' };
    const isSure =
      !isDoubtful && !mistakes.includes('TOOL_CALL_UNREADABLE') && this.#isCertain(unit, this.#kind);
    return isSure ? undefined : { code: 'TOOL_CALL_UNREADABLE' };
  }

  #isCertain(unit: Unit, kind: AnswerKind): boolean {
    if (kind.dialect === 'openai' && isDone(unit)) return true;
    const parsed = this.#parse(unit.data);
    return !unit.isLossy && parsed.ok && isCertain(kind, parsed.value, true);
  }

  #parse(text: string): Parsed {
    this.#parsed ??= strictValue(utf8Encode(text), EVENT_BYTES_MAX, 'any');
    return this.#parsed;
  }
}

function isDone({ data }: Unit): boolean {
  return data.trim() === '[DONE]';
}

function aiOf({ ai }: AnswerJob) {
  return ai === undefined ? {} : { ai };
}
