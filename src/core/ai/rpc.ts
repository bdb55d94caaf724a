import type { JsonValue } from '../canonical/json_value.ts';
import { type Unknown, unknown } from './facts.ts';
import { isList, isObject, type JsonObject, member } from './fields.ts';
import { withoutCase } from './letters.ts';

/** One message of JSON-RPC 2.0. */
export interface RpcMessage {
  readonly kind: 'request' | 'notification' | 'response';
  readonly id?: string | number;
  /** Absent in responses. */
  readonly method?: string;
  readonly params: JsonObject;
}

const MEMBERS = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];

/** Undefined: no JSON-RPC. */
export function readRpc(body: JsonValue | undefined): RpcMessage | Unknown | undefined {
  if (isList(body))
    return body.some((item) => member(item, 'jsonrpc') !== undefined) ? unknown('BATCH') : undefined;
  if (!isObject(body) || member(body, 'jsonrpc') === undefined) return undefined;
  const odd = oddCase(body, MEMBERS);
  if (odd !== undefined) return unknown('FIELD_CASE', `/${odd}`);
  if (body['jsonrpc'] !== '2.0') return unknown('FIELD_INVALID', '/jsonrpc');
  const { id, method, params } = {
    id: body['id'],
    method: member(body, 'method'),
    params: member(body, 'params'),
  };
  const hasId = typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id));
  if (id !== undefined && !hasId) return unknown('FIELD_INVALID', '/id');
  const isAnswer = Object.hasOwn(body, 'result') || Object.hasOwn(body, 'error');
  const identity = hasId ? { id } : {};
  if (method === undefined)
    return isAnswer && hasId
      ? { kind: 'response', ...identity, params: {} }
      : unknown('FIELD_INVALID', '/method');
  if (typeof method !== 'string' || isAnswer) return unknown('FIELD_INVALID', '/method');
  if (params !== undefined && !isObject(params)) return unknown('FIELD_INVALID', '/params');
  return { kind: hasId ? 'request' : 'notification', ...identity, method, params: params ?? {} };
}

/** A member whose name differs from one of `names` in case alone. */
export function oddCase(object: JsonObject, names: readonly string[]): string | undefined {
  return Object.keys(object).find(
    (key) => !names.includes(key) && names.some((name) => withoutCase(name) === withoutCase(key)),
  );
}
