import type { JsonValue } from '../canonical/json_value.ts';
import type { Answer } from './answer.ts';
import { countOf, isObject, type JsonObject, listOf, member, textOf } from './fields.ts';

/** Items of an output that are calls, with the member that holds the arguments. */
const CALLS: Readonly<Record<string, readonly [member: string, run_by: 'client' | 'provider']>> = {
  function_call: ['arguments', 'client'],
  custom_tool_call: ['input', 'client'],
  computer_call: ['action', 'client'],
  local_shell_call: ['action', 'client'],
  shell_call: ['action', 'client'],
  apply_patch_call: ['operation', 'client'],
  mcp_call: ['arguments', 'provider'],
  mcp_approval_request: ['arguments', 'client'],
  web_search_call: ['action', 'provider'],
  file_search_call: ['queries', 'provider'],
  code_interpreter_call: ['code', 'provider'],
  image_generation_call: ['prompt', 'provider'],
  tool_search_call: ['arguments', 'provider'],
};
const FRAGMENTS =
  /^response\.(?:function_call_arguments|custom_tool_call_input|mcp_call_arguments)\.(delta|done)$/;
const ENDS: Readonly<Record<string, string>> = {
  'response.completed': 'completed',
  'response.incomplete': 'incomplete',
  'response.failed': 'failed',
};

/** A whole answer of Responses. */
export function takeResponse(answer: Answer, value: JsonObject): undefined {
  if (member(value, 'error') !== undefined) answer.error(member(value, 'error'));
  if (!Array.isArray(member(value, 'output')) && member(value, 'error') === undefined)
    return answer.issue('EVENT_UNREADABLE');
  listOf(value, 'output').forEach((item, index) => {
    takeItem(answer, item, index, true);
  });
  takeState(answer, value);
  return answer.complete();
}

/** One event of a stream of Responses; its type stands in the data, too. */
export function takeResponseEvent(answer: Answer, value: JsonObject): undefined {
  const type = textOf(value, 'type') ?? '';
  const fragment = FRAGMENTS.exec(type)?.[1];
  if (type === 'error') return answer.error(member(value, 'error') ?? value);
  if (fragment !== undefined) return takeFragment(answer, value, fragment);
  if (type === 'response.output_item.added' || type === 'response.output_item.done')
    return takeItem(answer, member(value, 'item'), countOf(value, 'output_index'), type.endsWith('done'));
  if (type === 'response.created') return answer.model(textOf(member(value, 'response'), 'model'));
  if (Object.hasOwn(ENDS, type)) return takeEnd(answer, member(value, 'response'));
  if (!type.startsWith('response.')) answer.issue('EVENT_UNREADABLE');
  return undefined;
}

function takeEnd(answer: Answer, response: JsonValue | undefined): undefined {
  if (!isObject(response)) return answer.issue('EVENT_UNREADABLE');
  if (member(response, 'error') !== undefined) answer.error(member(response, 'error'));
  // The end repeats every item: what differs from the events before is told.
  listOf(response, 'output').forEach((item, index) => {
    takeItem(answer, item, index, true);
  });
  takeState(answer, response);
  return answer.complete();
}

function takeState(answer: Answer, response: JsonObject): undefined {
  answer.model(textOf(response, 'model'));
  answer.usage(member(response, 'usage'));
  answer.tier(textOf(response, 'service_tier'));
  answer.finish(textOf(member(response, 'incomplete_details'), 'reason') ?? textOf(response, 'status'));
}

function takeItem(
  answer: Answer,
  item: JsonValue | undefined,
  index: number | undefined,
  isDone: boolean,
): undefined {
  const type = textOf(item, 'type') ?? '';
  if (!Object.hasOwn(CALLS, type)) {
    // A kind of call that is younger than this list must not pass as no call.
    if (type === '' || index === undefined || type.endsWith('_call')) answer.issue('EVENT_UNREADABLE');
    return;
  }
  if (index === undefined) return answer.issue('FRAGMENT_ORPHAN');
  const [from, run_by] = CALLS[type] ?? ['arguments', 'client'];
  const key = `item:${index}`;
  const id = textOf(item, 'call_id') ?? textOf(item, 'id');
  answer.calls.begin(key, { id, name: textOf(item, 'name') ?? type, run_by });
  if (!isDone) return undefined;
  const whole = member(item, from);
  return answer.calls.end(key, typeof whole === 'string' ? whole : JSON.stringify(whole ?? {}));
}

function takeFragment(answer: Answer, value: JsonObject, kind: string): undefined {
  const index = countOf(value, 'output_index');
  const text = textOf(value, 'delta') ?? textOf(value, 'arguments') ?? textOf(value, 'input');
  if (index === undefined || text === undefined) return answer.issue('FRAGMENT_ORPHAN');
  const key = `item:${index}`;
  return kind === 'delta' ? answer.calls.append(key, text) : answer.calls.end(key, text);
}
