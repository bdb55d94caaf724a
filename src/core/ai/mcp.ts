import type { JsonValue } from '../canonical/json_value.ts';
import { type Unknown, unknown } from './facts.ts';
import { type JsonObject, member, textOf } from './fields.ts';
import { decodeMirrored, onlyHeader } from './header_values.ts';
import type { AiRequestInput } from './llm_request.ts';
import { oddCase, type RpcMessage } from './rpc.ts';

/** Revisions of the Model Context Protocol that are understood. */
const MCP_REVISIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'];
/** From here on: no sessions, and headers that mirror the body. */
const MIRRORED_SINCE = '2026-07-28';
const BODY_VERSION = 'io.modelcontextprotocol/protocolVersion';

export interface McpRequest {
  readonly kind: 'mcp';
  /** As the header says; absent where there is none, as in the first message of older revisions. */
  readonly revision?: string;
  /** `listen` and `end_session` are the GET and DELETE of revisions with sessions. */
  readonly message: RpcMessage['kind'] | 'listen' | 'end_session';
  readonly method?: string;
  /** Of a tool or prompt the name, of a resource the URI. */
  readonly target?: string;
  /** Of a tool, as sent. */
  readonly arguments?: JsonValue;
  readonly id?: string | number;
}

/** The member of `params` that names what a method works on; 2026-07-28 mirrors it in `Mcp-Name`. */
const TARGETS: Readonly<Record<string, 'name' | 'uri'>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};
const UNMIRRORED: Readonly<Record<string, 'name' | 'uri' | 'taskId'>> = {
  'resources/subscribe': 'uri',
  'resources/unsubscribe': 'uri',
  'tasks/get': 'taskId',
  'tasks/result': 'taskId',
  'tasks/cancel': 'taskId',
  'tasks/update': 'taskId',
};

/** Whether requests of a method name a tool, a prompt, a resource or a task. */
export function hasTarget(method: string): boolean {
  return Object.hasOwn(TARGETS, method) || Object.hasOwn(UNMIRRORED, method);
}

/** A message or another request of MCP; `rpc` is what stands in the body. */
export function readMcp(input: AiRequestInput, rpc: RpcMessage | undefined): McpRequest | Unknown {
  const revision = onlyHeader(input.headers, 'mcp-protocol-version');
  if (typeof revision === 'object') return revision;
  if (revision !== undefined && !MCP_REVISIONS.includes(revision))
    return unknown('VERSION_UNKNOWN', 'mcp-protocol-version');
  const isMirrored = revision !== undefined && revision >= MIRRORED_SINCE;
  const said = revision === undefined ? {} : { revision };
  if (rpc === undefined) return withoutMessage(input, isMirrored, said);
  if (input.method !== 'POST') return unknown('BODY_DISAGREES');
  if (rpc.kind === 'response') {
    return isMirrored
      ? unknown('BODY_DISAGREES')
      : { kind: 'mcp', ...said, message: 'response', ...idOf(rpc) };
  }
  const odd = oddCase(rpc.params, ['name', 'uri', 'arguments', '_meta', 'taskId']);
  if (odd !== undefined) return unknown('FIELD_CASE', `/params/${odd}`);
  const problem = mirrorProblem(input, rpc, revision, isMirrored);
  if (problem !== undefined) return problem;
  return facts(rpc, said);
}

function facts(rpc: RpcMessage, said: { readonly revision?: string }): McpRequest | Unknown {
  const { method = '', params } = rpc;
  const from = TARGETS[method] ?? (Object.hasOwn(UNMIRRORED, method) ? UNMIRRORED[method] : undefined);
  const target = from === undefined ? undefined : textOf(params, from);
  if (from !== undefined && target === undefined) return unknown('FIELD_INVALID', `/params/${from}`);
  const given = member(params, 'arguments');
  return {
    kind: 'mcp',
    ...said,
    message: rpc.kind,
    method,
    ...(target === undefined ? {} : { target }),
    ...(given === undefined ? {} : { arguments: given }),
    ...idOf(rpc),
  };
}

function withoutMessage(input: AiRequestInput, isMirrored: boolean, said: { readonly revision?: string }) {
  const message = input.method === 'GET' ? 'listen' : input.method === 'DELETE' ? 'end_session' : undefined;
  if (message === undefined || isMirrored || input.body !== undefined) return unknown('BODY_DISAGREES');
  return { kind: 'mcp', ...said, message } as const;
}

function idOf({ id }: RpcMessage): { readonly id?: string | number } {
  return id === undefined ? {} : { id };
}

/** Headers that gateways and servers read must say what the body says, in every revision in which they stand there. */
function mirrorProblem(
  { headers }: AiRequestInput,
  rpc: RpcMessage,
  revision: string | undefined,
  isMirrored: boolean,
): Unknown | undefined {
  const { method = '', params } = rpc;
  const isRequired = isMirrored && rpc.kind === 'request';
  const version = textOf(member(params, '_meta'), BODY_VERSION);
  const from = Object.hasOwn(TARGETS, method) ? TARGETS[method] : undefined;
  const target = from === undefined ? undefined : textOf(params, from);
  return (
    compare('mcp-protocol-version', revision, version, isRequired, version !== undefined) ??
    mirror(headers, 'mcp-method', method, isRequired) ??
    mirror(headers, 'mcp-name', target, isRequired && from !== undefined)
  );
}

function mirror(
  headers: AiRequestInput['headers'],
  name: string,
  body: string | undefined,
  isRequired: boolean,
) {
  const value = onlyHeader(headers, name);
  if (typeof value === 'object') return value;
  const decoded = value === undefined || name === 'mcp-method' ? value : decodeMirrored(value);
  if (value !== undefined && decoded === undefined) return unknown('HEADER_MISMATCH', name);
  return compare(name, decoded, body, value !== undefined, isRequired);
}

/** `needsBody`: the header must have its counterpart; `needsHeader`: the other way round. */
function compare(
  name: string,
  header: string | undefined,
  body: string | undefined,
  needsBody: boolean,
  needsHeader: boolean,
): Unknown | undefined {
  if (header === undefined) return needsHeader ? unknown('HEADER_MISSING', name) : undefined;
  if (body === undefined) return needsBody ? unknown('HEADER_MISMATCH', name) : undefined;
  return header === body ? undefined : unknown('HEADER_MISMATCH', name);
}

/** Methods of the revisions that are understood, and nothing of other protocols of JSON-RPC. */
const METHODS = new Set([
  ...[
    'initialize',
    'ping',
    'server/discover',
    'subscriptions/listen',
    'completion/complete',
    'logging/setLevel',
  ],
  ...[
    'tools/list',
    'tools/call',
    'prompts/list',
    'prompts/get',
    'resources/list',
    'resources/templates/list',
  ],
  ...[
    'resources/read',
    'resources/subscribe',
    'resources/unsubscribe',
    'roots/list',
    'sampling/createMessage',
  ],
  ...['elicitation/create', 'tasks/get', 'tasks/result', 'tasks/cancel', 'tasks/list', 'tasks/update'],
]);
const NOTIFICATION = /^notifications\/[a-z_/]{1,64}$/;

export function isMcpMethod(method: string): boolean {
  return METHODS.has(method) || NOTIFICATION.test(method);
}

/** What only MCP puts into a request. */
export function showsMcp({ headers }: AiRequestInput, params: JsonObject): boolean {
  const isShown = headers.some(({ name }) =>
    /^mcp-(?:protocol-version|method|name|session-id|param-)/i.test(name),
  );
  return isShown || member(member(params, '_meta'), BODY_VERSION) !== undefined;
}
