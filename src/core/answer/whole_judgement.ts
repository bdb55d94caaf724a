import type { BuiltValue } from '../body/value_builder.ts';
import type { AnswerJob, AnswerParts, AnswerProblem } from './answer_job.ts';
import { isCertain } from './certain_shape.ts';
import { kindOf, type ModelFindings, modelAnswer } from './model_reading.ts';
import { strictValue } from './strict_value.ts';
import { strip } from './strip.ts';
import { ToolRule } from './tool_rule.ts';

export interface WholeJudgement {
  /** What remains wrong when everything listed was taken out. */
  readonly problem?: AnswerProblem;
  /** What is left of the answer, and what was wrong with it as it came. */
  readonly stripped?: { readonly bytes: Uint8Array; readonly problem: AnswerProblem };
  readonly findings: ModelFindings;
}

/** Judges an answer of JSON: what is left of it once the listed members were taken out must honour everything. */
export function judgeWhole(bytes: Uint8Array, job: AnswerJob, parts: AnswerParts): WholeJudgement {
  const { demands } = job;
  // Numbers that doubles cannot hold are harmless where nobody says what the answer has to be.
  const isContract = demands.inspect === 'json' || demands.schemas !== undefined;
  const numbers = isContract ? 'double' : 'any';
  const came = strictValue(bytes, demands.max_bytes, numbers);
  if (!came.ok) return { problem: came.problem, findings: {} };
  const { findings } = modelIn(came.value, job, parts);
  const left = strip(bytes, demands.strip ?? []);
  if (left === undefined) return { ...withProblem(problemIn(came.value, job, parts)), findings };
  const kept = strictValue(left.bytes, demands.max_bytes, numbers);
  if (!kept.ok) throw new Error('invariant: what is left of JSON is none');
  const listed: AnswerProblem = { code: 'ANSWER_FIELD_LISTED', pointer: left.pointer };
  const problem = problemIn(kept.value, job, parts);
  return { ...withProblem(problem), stripped: { bytes: left.bytes, problem: listed }, findings };
}

function withProblem(problem: AnswerProblem | undefined): { readonly problem?: AnswerProblem } {
  return problem === undefined ? {} : { problem };
}

function problemIn(value: BuiltValue, job: AnswerJob, parts: AnswerParts): AnswerProblem | undefined {
  for (const hash of job.demands.schemas ?? []) {
    const mistake = parts.checkSchema(hash, value);
    if (mistake !== undefined) return { code: 'ANSWER_SCHEMA', pointer: mistake.pointer };
  }
  return callProblem(value, job, parts);
}

function callProblem(value: BuiltValue, job: AnswerJob, parts: AnswerParts): AnswerProblem | undefined {
  const { tool_calls } = job.demands;
  if (tool_calls === undefined) return undefined;
  const kind = kindOf(job.ai);
  const { calls } = modelIn(value, job, parts);
  if (kind === undefined || calls === undefined) return { code: 'TOOL_CALL_UNREADABLE' };
  const rule = new ToolRule(tool_calls);
  const mistakes = calls.names.map((name) => rule.mistake(name));
  if (mistakes.includes('TOOL_CALL_DENIED')) return { code: 'TOOL_CALL_DENIED' };
  const isSure =
    !calls.isDoubtful &&
    !mistakes.includes('TOOL_CALL_UNREADABLE') &&
    isCertain(kind, value, Array.isArray(value));
  return isSure ? undefined : { code: 'TOOL_CALL_UNREADABLE' };
}

function modelIn(value: BuiltValue, { ai }: AnswerJob, { prices }: AnswerParts) {
  const kind = kindOf(ai);
  if (kind === undefined || ai === undefined) return { findings: {}, calls: undefined };
  return modelAnswer(kind, value, { prices, ai });
}
