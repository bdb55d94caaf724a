import { type AnswerFacts, BENIGN_ISSUES } from '../ai/answer.ts';
import { type AnswerKind, AnswerStream, type ParseJson, readAnswer } from '../ai/answer_reader.ts';
import type { ToolCall } from '../ai/tool_calls.ts';
import type { BuiltValue } from '../body/value_builder.ts';
import type { AiFacts } from '../contract/body_facts.ts';
import type { InspectionFinding } from '../receipt/inspection_facts.ts';
import { costIn, type PriceContext } from './answer_cost.ts';
import { recordedModel, recordedTools } from './recorded_text.ts';

/** Members of a record that tell what a model said. */
export type ModelFindings = Pick<InspectionFinding, 'model' | 'usage' | 'cost_micro_usd' | 'tool_calls'>;

/** The reader that the request's protocol asks for; undefined: no answer of a model. */
export function kindOf(ai: AiFacts | undefined): AnswerKind | undefined {
  if (ai?.kind !== 'llm' || ai.dialect === undefined || ai.endpoint === undefined) return undefined;
  return { dialect: ai.dialect, endpoint: ai.endpoint };
}

/** Names of calls, and whether anything about them is in doubt. */
export interface CallsRead {
  readonly names: readonly string[];
  readonly isOpen: boolean;
  readonly isDoubtful: boolean;
}

/** A model's answer as events. */
export class ModelStream {
  readonly #stream: AnswerStream;
  readonly #kind: AnswerKind;

  constructor(kind: AnswerKind, parse: ParseJson) {
    this.#kind = kind;
    this.#stream = new AnswerStream(kind, parse);
  }

  take(event: {
    readonly type?: string;
    readonly data: string;
    readonly isLossy: boolean;
  }): readonly ToolCall[] {
    return this.#stream.take(event);
  }

  /** Characters of calls that are put together. */
  get kept(): number {
    return this.#stream.calls.units;
  }

  get calls(): CallsRead {
    const { begun, isOpen } = this.#stream.calls;
    return { names: begun, isOpen, isDoubtful: isDoubtful(this.#stream.facts) };
  }

  /** `isEnded`: the answer came to its end, without anything of it being left unread. */
  findings(isEnded: boolean, context: PriceContext): ModelFindings {
    const { facts } = this.#stream;
    // OpenAI tells usage once, at the end; others count upwards, and what a broken stream has told is not all of it.
    const isFinal = facts.is_complete || (isEnded && this.#kind.dialect === 'openai');
    return findingsOf(facts, this.#stream.calls.begun, isFinal, context);
  }
}

/** A model's answer as one value. */
export function modelAnswer(
  kind: AnswerKind,
  value: BuiltValue,
  context: PriceContext,
): { readonly findings: ModelFindings; readonly calls: CallsRead } {
  const facts = readAnswer(kind, value);
  const names = facts.tool_calls.map(({ name }) => name);
  return {
    findings: findingsOf(facts, names, true, context),
    calls: { names, isOpen: false, isDoubtful: isDoubtful(facts) },
  };
}

function isDoubtful({ issues }: AnswerFacts): boolean {
  return issues.some((issue) => !BENIGN_ISSUES.includes(issue));
}

function findingsOf(
  facts: AnswerFacts,
  names: readonly string[],
  isFinal: boolean,
  context: PriceContext,
): ModelFindings {
  const model = recordedModel(facts.model);
  const usage = isFinal ? facts.usage : undefined;
  const cost = usage === undefined ? undefined : costIn({ ...facts, usage }, context);
  return {
    ...(model === undefined ? {} : { model }),
    ...(usage === undefined ? {} : { usage }),
    ...(cost === undefined ? {} : { cost_micro_usd: cost }),
    ...(names.length === 0 ? {} : { tool_calls: recordedTools(names) }),
  };
}
