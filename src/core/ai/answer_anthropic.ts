import type { JsonValue } from '../canonical/json_value.ts';
import type { Answer } from './answer.ts';
import { countOf, isObject, type JsonObject, listOf, member, textOf } from './fields.ts';

const CALLS: Readonly<Record<string, 'client' | 'provider'>> = {
  tool_use: 'client',
  server_tool_use: 'provider',
  mcp_tool_use: 'provider',
};

/** A whole message, a count of tokens, or an error. */
export function takeMessage(answer: Answer, value: JsonObject): undefined {
  if (textOf(value, 'type') === 'error') return answer.error(member(value, 'error'));
  if (answer.endpoint === 'count_tokens') return takeCount(answer, value);
  if (!Array.isArray(member(value, 'content'))) return answer.issue('EVENT_UNREADABLE');
  listOf(value, 'content').forEach((block, index) => {
    takeBlock(answer, block, index);
    if (isCall(block)) answer.calls.end(`block:${index}`, JSON.stringify(member(block, 'input') ?? {}));
  });
  takeState(answer, value);
  answer.finish(textOf(value, 'stop_reason'));
  return answer.complete();
}

function takeCount(answer: Answer, value: JsonObject): undefined {
  if (countOf(value, 'input_tokens') === undefined) return answer.issue('EVENT_UNREADABLE');
  return answer.complete();
}

/** One event of a stream; it names itself in its data as in its type. */
export function takeMessageEvent(answer: Answer, value: JsonObject): undefined {
  const type = textOf(value, 'type');
  if (type === 'error') return answer.error(member(value, 'error'));
  if (type === 'message_start') return takeState(answer, member(value, 'message'));
  if (type === 'message_delta') {
    answer.usage(member(value, 'usage'));
    return answer.finish(textOf(member(value, 'delta'), 'stop_reason'));
  }
  if (type === 'message_stop') return answer.complete();
  if (type === 'ping') return undefined;
  return takeBlockEvent(answer, type, value);
}

function takeBlockEvent(answer: Answer, type: string | undefined, value: JsonObject): undefined {
  const index = countOf(value, 'index');
  if (index === undefined) return answer.issue('EVENT_UNREADABLE');
  const key = `block:${index}`;
  if (type === 'content_block_start') return takeBlock(answer, member(value, 'content_block'), index);
  if (type === 'content_block_stop') return answer.calls.has(key) ? answer.calls.end(key) : undefined;
  if (type !== 'content_block_delta') return answer.issue('EVENT_UNREADABLE');
  const delta = member(value, 'delta');
  if (textOf(delta, 'type') !== 'input_json_delta') return undefined;
  return answer.calls.append(key, textOf(delta, 'partial_json') ?? '');
}

function takeBlock(answer: Answer, block: JsonValue | undefined, index: number): undefined {
  const type = textOf(block, 'type');
  if (type === undefined || (type.endsWith('_use') && !Object.hasOwn(CALLS, type)))
    return answer.issue('EVENT_UNREADABLE');
  if (!Object.hasOwn(CALLS, type)) return undefined;
  const run_by = CALLS[type] ?? 'client';
  answer.calls.begin(`block:${index}`, { id: textOf(block, 'id'), name: textOf(block, 'name'), run_by });
  return undefined;
}

function isCall(block: JsonValue): boolean {
  return Object.hasOwn(CALLS, textOf(block, 'type') ?? '');
}

function takeState(answer: Answer, message: JsonValue | undefined): undefined {
  if (!isObject(message)) return answer.issue('EVENT_UNREADABLE');
  answer.model(textOf(message, 'model'));
  answer.usage(member(message, 'usage'));
  return answer.tier(textOf(member(message, 'usage'), 'service_tier'));
}
