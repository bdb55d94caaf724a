import type { JsonValue } from '../canonical/json_value.ts';
import { type Unknown, unknown } from './facts.ts';
import { isObject, type JsonObject, listOf, member, textOf } from './fields.ts';
import { onlyHeader } from './header_values.ts';
import type { AiRequestInput } from './llm_request.ts';
import { oddCase, type RpcMessage } from './rpc.ts';

/** Operations by the names of revision 1.0; those of 0.2 and 0.3 are translated. */
const OPERATIONS: Readonly<Record<string, string>> = {
  'message/send': 'SendMessage',
  'message/stream': 'SendStreamingMessage',
  'tasks/send': 'SendMessage',
  'tasks/sendSubscribe': 'SendStreamingMessage',
  'tasks/get': 'GetTask',
  'tasks/list': 'ListTasks',
  'tasks/cancel': 'CancelTask',
  'tasks/resubscribe': 'SubscribeToTask',
  'tasks/pushNotificationConfig/set': 'CreateTaskPushNotificationConfig',
  'tasks/pushNotificationConfig/get': 'GetTaskPushNotificationConfig',
  'tasks/pushNotificationConfig/list': 'ListTaskPushNotificationConfigs',
  'tasks/pushNotificationConfig/delete': 'DeleteTaskPushNotificationConfig',
  'agent/getAuthenticatedExtendedCard': 'GetExtendedAgentCard',
};
const NAMES = new Set(Object.values(OPERATIONS));

export interface A2aRequest {
  readonly kind: 'a2a';
  /** `card`: the public description of an agent. */
  readonly binding: 'jsonrpc' | 'http' | 'card';
  /** As the header says, Major.Minor. */
  readonly version?: string;
  readonly operation: string;
  readonly stream: boolean;
  readonly task?: string;
  readonly context?: string;
  /** What the parts of the message are, in order. */
  readonly parts?: readonly ('text' | 'file' | 'data' | 'other')[];
  /** Where the agent is told to send what becomes of the task. */
  readonly push_url?: string;
  readonly id?: string | number;
}

export function operationOf(method: string): string | undefined {
  if (NAMES.has(method)) return method;
  return Object.hasOwn(OPERATIONS, method) ? OPERATIONS[method] : undefined;
}

export function showsA2a({ headers }: AiRequestInput): boolean {
  return headers.some(
    ({ name, value }) =>
      /^a2a-(?:version|extensions)$/i.test(name) ||
      (/^content-type$/i.test(name) && /^\s*application\/a2a\+json\b/i.test(value)),
  );
}

type Route = readonly [method: string, path: RegExp, operation: string, isTelling: boolean];
const TASK = '/tasks/([^/:]+)';
const ROUTES: readonly Route[] = [
  ['GET', /\/\.well-known\/agent(?:-card)?\.json$/, 'GetAgentCard', true],
  ['GET', /\/extendedAgentCard$/, 'GetExtendedAgentCard', true],
  ['POST', /\/message:send$/, 'SendMessage', true],
  ['POST', /\/message:stream$/, 'SendStreamingMessage', true],
  ['POST', new RegExp(`${TASK}:cancel$`), 'CancelTask', true],
  ['POST', new RegExp(`${TASK}:subscribe$`), 'SubscribeToTask', true],
  ['GET', new RegExp(`${TASK}:subscribe$`), 'SubscribeToTask', true],
  ['POST', new RegExp(`${TASK}/pushNotificationConfigs$`), 'CreateTaskPushNotificationConfig', true],
  ['GET', new RegExp(`${TASK}/pushNotificationConfigs$`), 'ListTaskPushNotificationConfigs', true],
  ['GET', new RegExp(`${TASK}/pushNotificationConfigs/[^/:]+$`), 'GetTaskPushNotificationConfig', true],
  ['DELETE', new RegExp(`${TASK}/pushNotificationConfigs/[^/:]+$`), 'DeleteTaskPushNotificationConfig', true],
  ['GET', new RegExp(`${TASK}$`), 'GetTask', false],
  ['GET', /\/tasks$/, 'ListTasks', false],
];

/** The operation that method and path name; `isTelling`: no other kind of service has such an address. */
export function a2aRoute(method: string, path: string) {
  const route = ROUTES.find(([verb, pattern]) => verb === method && pattern.test(path));
  if (route === undefined) return undefined;
  const [, pattern, operation, isTelling] = route;
  return { operation, isTelling, task: pattern.exec(path)?.[1] };
}

export function readA2aHttp(input: AiRequestInput, route: { operation: string; task?: string | undefined }) {
  const { operation, task } = route;
  if (operation === 'GetAgentCard')
    return { kind: 'a2a', binding: 'card', operation, stream: false } satisfies A2aRequest;
  const body = input.body ?? {};
  if (!isObject(body)) return unknown('BODY_DISAGREES');
  return facts(input, 'http', operation, body, task === undefined ? {} : { task });
}

export function readA2aRpc(input: AiRequestInput, rpc: RpcMessage): A2aRequest | Unknown {
  const operation = operationOf(rpc.method ?? '');
  if (input.method !== 'POST' || rpc.kind === 'response') return unknown('BODY_DISAGREES');
  if (operation === undefined) return unknown('WORD_UNMET', '/method');
  return facts(input, 'jsonrpc', operation, rpc.params, rpc.id === undefined ? {} : { id: rpc.id });
}

function facts(
  input: AiRequestInput,
  binding: 'jsonrpc' | 'http',
  operation: string,
  params: JsonObject,
  more: { readonly task?: string; readonly id?: string | number },
): A2aRequest | Unknown {
  const version = onlyHeader(input.headers, 'a2a-version');
  if (typeof version === 'object') return version;
  const odd = oddCase(params, ['message', 'configuration', 'id', 'url']);
  if (odd !== undefined) return unknown('FIELD_CASE', `/${odd}`);
  const message = member(params, 'message');
  const isSending = operation === 'SendMessage' || operation === 'SendStreamingMessage';
  if (isSending && !isMessage(message)) return unknown('BODY_DISAGREES', '/message');
  const task = textOf(message, 'taskId') ?? textOf(params, 'id') ?? textOf(params, 'taskId') ?? more.task;
  const context = textOf(message, 'contextId');
  const push_url = pushUrl(params);
  return {
    kind: 'a2a',
    binding,
    operation,
    ...(version === undefined ? {} : { version }),
    stream: operation === 'SendStreamingMessage' || operation === 'SubscribeToTask',
    ...more,
    ...(task === undefined ? {} : { task }),
    ...(context === undefined ? {} : { context }),
    ...(isSending ? { parts: listOf(message, 'parts').map(partKind) } : {}),
    ...(push_url === undefined ? {} : { push_url }),
  };
}

function isMessage(value: JsonValue | undefined): boolean {
  return isObject(value) && Array.isArray(member(value, 'parts'));
}

/** 1.0 tells the kind by the member, 0.2 and 0.3 by `kind` or `type`. */
function partKind(part: JsonValue): 'text' | 'file' | 'data' | 'other' {
  const said = textOf(part, 'kind') ?? textOf(part, 'type');
  if (said === 'text' || said === 'file' || said === 'data') return said;
  if (said !== undefined) return 'other';
  const members = (['text', 'data', 'raw', 'url'] as const).filter(
    (name) => member(part, name) !== undefined,
  );
  const [first, second] = members;
  if (first === undefined || second !== undefined) return 'other';
  return first === 'text' || first === 'data' ? first : 'file';
}

function pushUrl(params: JsonObject): string | undefined {
  const configuration = member(params, 'configuration');
  for (const name of ['pushNotificationConfig', 'taskPushNotificationConfig']) {
    const url = textOf(member(configuration, name), 'url') ?? textOf(member(params, name), 'url');
    if (url !== undefined) return url;
  }
  return textOf(params, 'url');
}
