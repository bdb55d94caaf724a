import type { UnknownReason } from '../ai/facts.ts';
import type { BodyFacts, BodyProblem, SchemaFact } from '../contract/body_facts.ts';
import type { ReasonCode } from '../verdict/reasons.ts';

/** What is wrong with a body, in the words of its receipt (`request.body`): whoever sent it can mend it. */
export interface BodyMistake {
  readonly problem?: BodyProblem;
  /** Those that are not honoured. */
  readonly schemas?: readonly SchemaFact[];
  /** Why nobody can say for certain what the call is, or what it costs. */
  readonly unknown_reason?: UnknownReason;
  readonly price_unknown?: string;
}

/** Undefined where the body is not what the request was denied for, or where nothing is known of it. */
export function bodyMistake(reason: ReasonCode, body: BodyFacts | undefined): BodyMistake | undefined {
  if (body === undefined) return undefined;
  const { problem, ai } = body;
  switch (reason) {
    case 'SCHEMA_INVALID':
      return { schemas: (body.schemas ?? []).filter(({ is_valid }) => !is_valid) };
    case 'BODY_INVALID':
    case 'BODY_TYPE_REFUSED':
      return problem === undefined ? undefined : { problem };
    case 'AI_UNREADABLE':
      if (problem !== undefined) return { problem };
      return ai?.unknown_reason === undefined ? undefined : { unknown_reason: ai.unknown_reason };
    case 'PRICE_UNKNOWN':
      return ai?.price_unknown === undefined ? undefined : { price_unknown: ai.price_unknown };
    default:
      return undefined;
  }
}

/** One sentence for libraries and people that show only a message; empty when there is nothing to add. */
export function mistakeText(mistake: BodyMistake | undefined): string {
  if (mistake === undefined) return '';
  const { problem, schemas = [], unknown_reason, price_unknown } = mistake;
  const found = [
    ...(problem === undefined ? [] : [placed(problem.code, problem.pointer, problem.offset)]),
    ...schemas.map(({ keyword, pointer }) => placed(keyword ?? 'no JSON', pointer)),
    ...[unknown_reason, price_unknown].filter((one) => one !== undefined),
  ];
  return found.length === 0 ? '' : ` Found: ${found.join(', ')}.`;
}

function placed(what: string, pointer: string | undefined, offset?: number): string {
  const byte = offset === undefined ? '' : ` (byte ${offset})`;
  if (pointer === undefined) return `${what}${byte}`;
  return `${what} at ${pointer === '' ? 'the top' : pointer}${byte}`;
}
