import type { JsonValue } from '../canonical/json_value.ts';
import type { Answer } from './answer.ts';
import { countOf, isObject, type JsonObject, listOf, member, textOf } from './fields.ts';

/** Chat Completions and Completions: a whole answer, or a chunk, which has the same members with `delta`. */
export function takeChat(answer: Answer, value: JsonObject, isChunk: boolean): undefined {
  if (member(value, 'error') !== undefined) return answer.error(member(value, 'error'));
  answer.model(textOf(value, 'model'));
  answer.usage(member(value, 'usage'));
  answer.tier(textOf(value, 'service_tier'));
  const choices = member(value, 'choices');
  if (!Array.isArray(choices)) {
    if (answer.endpoint !== 'embeddings') answer.issue('EVENT_UNREADABLE');
  } else for (const choice of choices) takeChoice(answer, choice, isChunk);
  if (!isChunk) answer.complete();
}

function takeChoice(answer: Answer, choice: JsonObject, isChunk: boolean): undefined {
  const index = countOf(choice, 'index') ?? 0;
  const said = member(choice, isChunk ? 'delta' : 'message') ?? member(choice, 'message');
  const legacy = member(said, 'function_call');
  if (isObject(legacy)) takeCall(answer, `${index}:function_call`, legacy, legacy);
  for (const [place, call] of listOf(said, 'tool_calls').entries())
    takeListed(answer, index, call, place, isChunk);
  const finish = textOf(choice, 'finish_reason');
  answer.finish(finish);
  if (finish !== undefined || !isChunk) answer.calls.endAll(`${index}:`);
}

/** A chunk without index can only be told by its id; without both it belongs to nothing. */
function takeListed(
  answer: Answer,
  choice: number,
  call: JsonValue,
  place: number,
  isChunk: boolean,
): undefined {
  const number = countOf(call, 'index') ?? (isChunk ? textOf(call, 'id') : place);
  if (!isObject(call) || number === undefined) return answer.issue('FRAGMENT_ORPHAN');
  return takeCall(answer, `${choice}:${number}`, call, member(call, 'function') ?? member(call, 'custom'));
}

function takeCall(answer: Answer, key: string, call: JsonObject, inner: JsonValue | undefined): undefined {
  const { calls } = answer;
  calls.begin(key, { id: textOf(call, 'id'), name: textOf(inner, 'name') });
  const fragment = member(inner, 'arguments') ?? member(inner, 'input');
  // Some servers of the same format send arguments as an object.
  if (fragment !== undefined)
    calls.append(key, typeof fragment === 'string' ? fragment : JSON.stringify(fragment));
}
