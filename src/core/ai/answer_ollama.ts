import type { Answer } from './answer.ts';
import { isObject, type JsonObject, listOf, member, textOf } from './fields.ts';

/** A whole answer, or a line of a stream, which has the same shape; `piece` counts them. */
export function takeOllama(answer: Answer, value: JsonObject, piece: number): undefined {
  const error = member(value, 'error');
  if (error !== undefined) return answer.error(isObject(error) ? error : { type: 'error' });
  answer.model(textOf(value, 'model'));
  const isCounted = ['eval_count', 'prompt_eval_count'].some((name) => member(value, name) !== undefined);
  if (isCounted) answer.usage(value);
  listOf(member(value, 'message'), 'tool_calls').forEach((call, place) => {
    const inner = member(call, 'function');
    const key = `${piece}.${place}`;
    answer.calls.begin(key, { id: textOf(call, 'id'), name: textOf(inner, 'name') });
    answer.calls.end(key, JSON.stringify(member(inner, 'arguments') ?? {}));
  });
  if (member(value, 'done') === true || answer.endpoint === 'embeddings') {
    answer.finish(textOf(value, 'done_reason'));
    answer.complete();
  }
  return undefined;
}
