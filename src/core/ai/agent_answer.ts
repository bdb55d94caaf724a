import type { JsonValue } from '../canonical/json_value.ts';
import { TOOLS_MAX } from './declared_tools.ts';
import { type Unknown, unknown } from './facts.ts';
import { isObject, type JsonObject, listOf, member, textOf } from './fields.ts';
import { readRpc } from './rpc.ts';

/** A message that a server of MCP or A2A sends: in a body, or in one event of a stream. */
export interface AgentAnswer {
  readonly kind: 'result' | 'error' | 'request' | 'notification';
  readonly id?: string | number;
  /** Of requests (revisions of MCP before 2026-07-28 ask for models and input so) and notifications. */
  readonly method?: string;
  readonly error_code?: number;
  /** MCP: the tool ran and failed. */
  readonly is_tool_error?: boolean;
  /** MCP since 2026-07-28: `input_required` asks for more. */
  readonly result_type?: string;
  /** MCP, `tools/list`: names in their order. */
  readonly tools?: readonly string[];
  /** A2A: of the task, as the agent names it. */
  readonly task_state?: string;
}

export function readAgentAnswer(value: JsonValue): AgentAnswer | Unknown {
  const rpc = readRpc(value);
  if (rpc === undefined || !isObject(value)) return unknown('BODY_DISAGREES');
  // An error without id answers a request that could not be read.
  if (rpc.kind === 'unknown') return isObject(member(value, 'error')) ? errorIn(value) : rpc;
  const identity = rpc.id === undefined ? {} : { id: rpc.id };
  if (rpc.kind !== 'response')
    return { kind: rpc.kind, ...identity, ...(rpc.method === undefined ? {} : { method: rpc.method }) };
  if (member(value, 'error') !== undefined)
    return Object.hasOwn(value, 'result') ? unknown('FIELD_INVALID', '/result') : errorIn(value, rpc.id);
  const result = member(value, 'result') ?? {};
  if (!isObject(result)) return unknown('FIELD_INVALID', '/result');
  return resultIn(result, identity);
}

function errorIn(value: JsonObject, id?: string | number): AgentAnswer {
  const code = member(member(value, 'error'), 'code');
  return {
    kind: 'error',
    ...(id === undefined ? {} : { id }),
    ...(typeof code === 'number' && Number.isSafeInteger(code) ? { error_code: code } : {}),
  };
}

function resultIn(result: JsonObject, identity: { readonly id?: string | number }): AgentAnswer | Unknown {
  const tools = toolNames(result);
  if (tools === 'unreadable') return unknown('FIELD_INVALID', '/result/tools');
  const isError = member(result, 'isError');
  const type = textOf(result, 'resultType');
  const state = taskState(result);
  return {
    kind: 'result',
    ...identity,
    ...(typeof isError === 'boolean' ? { is_tool_error: isError } : {}),
    ...(type === undefined ? {} : { result_type: type }),
    ...(tools === undefined ? {} : { tools }),
    ...(state === undefined ? {} : { task_state: state }),
  };
}

function toolNames(result: JsonObject): readonly string[] | undefined | 'unreadable' {
  if (member(result, 'tools') === undefined) return undefined;
  const tools = listOf(result, 'tools');
  const names = tools.flatMap((tool) => textOf(tool, 'name') ?? []);
  const isWhole =
    Array.isArray(member(result, 'tools')) && names.length === tools.length && names.length <= TOOLS_MAX;
  return isWhole ? names : 'unreadable';
}

/** Revision 1.0 wraps what happened in a member named for it, older ones say it in `kind`. */
function taskState(result: JsonObject): string | undefined {
  const wrapped = ['task', 'statusUpdate', 'status_update'].flatMap((name) => member(result, name) ?? [])[0];
  return textOf(member(wrapped ?? result, 'status'), 'state');
}

/** What an agent says of itself. Nothing of it is proven: a signature is only counted. */
export interface AgentCard {
  readonly name: string;
  /** Addresses under which it answers; all of them, in the order of preference. */
  readonly urls: readonly string[];
  readonly protocol_versions: readonly string[];
  readonly skills: readonly string[];
  readonly signatures: number;
}

export function readAgentCard(value: JsonValue): AgentCard | Unknown {
  const name = textOf(value, 'name');
  const interfaces = [...listOf(value, 'supportedInterfaces'), ...listOf(value, 'additionalInterfaces')];
  const urls = [...new Set([textOf(value, 'url'), ...interfaces.map((one) => textOf(one, 'url'))])];
  const said = [textOf(value, 'protocolVersion'), ...interfaces.map((one) => textOf(one, 'protocolVersion'))];
  const skills = listOf(value, 'skills').map((skill) => textOf(skill, 'id'));
  const known = urls.flatMap((url) => url ?? []);
  if (name === undefined || known.length === 0) return unknown('BODY_DISAGREES');
  if (interfaces.some((one) => textOf(one, 'url') === undefined))
    return unknown('FIELD_INVALID', '/supportedInterfaces');
  if (skills.length > TOOLS_MAX || skills.includes(undefined)) return unknown('FIELD_INVALID', '/skills');
  return {
    name,
    urls: known,
    protocol_versions: [...new Set(said.flatMap((version) => version ?? []))],
    skills: skills.flatMap((id) => id ?? []),
    signatures: listOf(value, 'signatures').length,
  };
}
