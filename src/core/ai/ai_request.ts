import type { JsonValue } from '../canonical/json_value.ts';
import { type A2aRequest, a2aRoute, operationOf, readA2aHttp, readA2aRpc, showsA2a } from './a2a.ts';
import { type LlmRequest, type Unknown, unknown } from './facts.ts';
import { isList, isObject } from './fields.ts';
import { withoutCase } from './letters.ts';
import { type AiRequestInput, readLlmRequest } from './llm_request.ts';
import { isMcpMethod, type McpRequest, readMcp, showsMcp } from './mcp.ts';
import { type RpcMessage, readRpc } from './rpc.ts';

/** `none`: neither the request nor a rule says that this is traffic of AI. */
export type AiReading = LlmRequest | McpRequest | A2aRequest | Unknown | { readonly kind: 'none' };

/**
 * What a request is, told by path, headers and body together, and by the word of a rule. Nothing of it may contradict
 * another: then it is `unknown`, with the reason, and never the harmless one of two readings.
 */
export function readAiRequest(input: AiRequestInput): AiReading {
  const llm = readLlmRequest(input);
  const agent = readAgentProtocol(input);
  const word = input.word?.kind;
  if (word === undefined) return both(llm, agent);
  // Services of models have agents and tools at addresses of their own; a rule may say so.
  const isElsewhere = llm.kind === 'unknown' && llm.reason === 'ENDPOINT_UNKNOWN';
  const reading = both(word !== 'llm' && isElsewhere ? { kind: 'none' } : llm, agent);
  if (reading.kind === 'none') return unknown('WORD_UNMET');
  return reading.kind === 'unknown' || reading.kind === word ? reading : unknown('KIND_DISAGREES');
}

function both(llm: AiReading, agent: AiReading): AiReading {
  if (agent.kind === 'none') return llm;
  return llm.kind === 'none' ? agent : unknown('KIND_DISAGREES');
}

function readAgentProtocol(
  input: AiRequestInput,
): McpRequest | A2aRequest | Unknown | { readonly kind: 'none' } {
  const rpc = readRpc(input.body);
  if (rpc?.kind === 'unknown' && hintsAtAgents(input.body)) return rpc;
  const protocol = agentProtocol(input, rpc);
  if (typeof protocol === 'object') return protocol;
  if (protocol === 'none')
    return hintsAtAgents(input.body) ? unknown('FIELD_INVALID', '/jsonrpc') : { kind: 'none' };
  if (rpc?.kind === 'unknown') return rpc;
  if (protocol === 'mcp') return readMcp(input, rpc);
  if (rpc !== undefined) return readA2aRpc(input, rpc);
  const route = a2aRoute(input.method, input.path);
  return route === undefined ? unknown('WORD_UNMET') : readA2aHttp(input, route);
}

/** Which of the two protocols the signs point to; signs of both are a contradiction. */
function agentProtocol(
  input: AiRequestInput,
  rpc: RpcMessage | Unknown | undefined,
): 'mcp' | 'a2a' | 'none' | Unknown {
  const message = rpc === undefined || rpc.kind === 'unknown' ? undefined : rpc;
  const method = message?.method ?? '';
  const isShared = isMcpMethod(method) && operationOf(method) !== undefined;
  const isMcp = showsMcp(input, message?.params ?? {}) || (isMcpMethod(method) && !isShared);
  const route = message === undefined ? a2aRoute(input.method, input.path) : undefined;
  const isA2a =
    showsA2a(input) || route?.isTelling === true || (operationOf(method) !== undefined && !isShared);
  const word = input.word?.kind;
  if (isMcp && isA2a) return unknown('METHOD_AMBIGUOUS');
  if (isMcp) return 'mcp';
  if (isA2a) return 'a2a';
  if (word === 'mcp' || word === 'a2a') return word;
  return isShared ? unknown('METHOD_AMBIGUOUS', '/method') : 'none';
}

/** Messages that no server should take, and some may: in a batch, without their version, in other letters. */
function hintsAtAgents(body: JsonValue | undefined): boolean {
  const items = isList(body) ? body : [body ?? null];
  return items.some((item) => isObject(item) && Object.keys(item).some((key) => namesMethod(key, item[key])));
}

function namesMethod(key: string, value: JsonValue | undefined): boolean {
  if (withoutCase(key) !== 'method' || typeof value !== 'string') return false;
  return isMcpMethod(value) || operationOf(value) !== undefined;
}
