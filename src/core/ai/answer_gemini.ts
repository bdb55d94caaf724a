import type { JsonValue } from '../canonical/json_value.ts';
import type { Answer } from './answer.ts';
import { countOf, isObject, type JsonObject, listOf, member, textOf } from './fields.ts';

/** A whole answer, or an event of a stream, which has the same shape; `piece` counts them. */
export function takeGenerated(answer: Answer, value: JsonObject, piece: number, isEvent: boolean): undefined {
  if (member(value, 'error') !== undefined) return answer.error(member(value, 'error'));
  if (answer.endpoint !== 'generate') return answer.complete();
  answer.model(textOf(value, 'modelVersion'));
  answer.usage(member(value, 'usageMetadata'));
  const blocked = textOf(member(value, 'promptFeedback'), 'blockReason');
  if (blocked !== undefined) answer.error({ type: blocked });
  const candidates = member(value, 'candidates');
  if (candidates === undefined && blocked === undefined && member(value, 'usageMetadata') === undefined)
    answer.issue('EVENT_UNREADABLE');
  const isEnd = listOf(value, 'candidates').map((candidate) => takeCandidate(answer, candidate, piece));
  if (!isEvent || blocked !== undefined || isEnd.includes(true)) answer.complete();
  return undefined;
}

/** True when the candidate says why it ends. */
function takeCandidate(answer: Answer, candidate: JsonValue, piece: number): boolean {
  const index = countOf(candidate, 'index') ?? 0;
  listOf(member(candidate, 'content'), 'parts').forEach((part, place) => {
    const own = member(part, 'functionCall');
    const ran = member(part, 'executableCode');
    const key = `${index}:${piece}.${place}`;
    if (isObject(own)) takeCall(answer, key, own);
    if (isObject(ran)) {
      answer.calls.begin(key, { name: 'executableCode', run_by: 'provider' });
      answer.calls.end(key, textOf(ran, 'code') ?? '');
    }
  });
  const finish = textOf(candidate, 'finishReason');
  answer.finish(finish);
  return finish !== undefined;
}

/** Calls come whole; those that come in parts (`willContinue`) are not understood and must not look whole. */
function takeCall(answer: Answer, key: string, call: JsonObject): undefined {
  answer.calls.begin(key, { id: textOf(call, 'id'), name: textOf(call, 'name') });
  if (member(call, 'willContinue') !== undefined || member(call, 'partialArgs') !== undefined)
    return answer.issue('EVENT_UNREADABLE');
  return answer.calls.end(key, JSON.stringify(member(call, 'args') ?? {}));
}
