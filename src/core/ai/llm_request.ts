import type { JsonValue } from '../canonical/json_value.ts';
import { fitsShape, looksLikeCall } from './body_shape.ts';
import { callFacts } from './call_facts.ts';
import { type LlmRequest, type Provider, type Unknown, unknown } from './facts.ts';
import { isObject } from './fields.ts';
import { providerOfHost, speaks } from './hosts.ts';
import { isModelList, laxPath, type PathShape, pathShapes } from './paths.ts';

export interface AiRequestInput {
  /** Canonical: lower case, no port. */
  readonly host: string;
  readonly method: string;
  /** As forwarded, without query. */
  readonly path: string;
  readonly query?: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** The parsed body, duplicate keys refused by the parser; absent where there is none, or none that is JSON. */
  readonly body?: JsonValue;
  /** On the wire, after decoding of content-encoding. */
  readonly body_bytes: number;
  /** What the rule of the policy says that this is. */
  readonly word?: { readonly kind: 'llm' | 'mcp' | 'a2a'; readonly provider?: Provider };
}

/** The request as a call of a model. `none`: nothing says that it is one. */
export function readLlmRequest(input: AiRequestInput): LlmRequest | Unknown | { readonly kind: 'none' } {
  const known = providerOfHost(input.host);
  const { word, body } = input;
  const said = word?.kind === 'llm' ? word.provider : undefined;
  if (said !== undefined && said !== 'other' && known !== undefined && said !== known)
    return unknown('PROVIDER_DISAGREES');
  if (isModelList(input.method, input.path) && input.body_bytes === 0) return { kind: 'none' };
  const provider = known ?? said;
  const isExpected = provider !== undefined || word?.kind === 'llm';
  const shapes = input.method === 'POST' ? pathShapes(input.path) : [];
  if (shapes.length === 0) return withoutShape(input, known !== undefined, isExpected);
  const fitting = isObject(body) ? shapes.filter((shape) => fitsShape(body, shape)) : [];
  const [shape, second] = fitting;
  if (shape === undefined || second !== undefined || !isObject(body)) return unfit(input, shapes, isExpected);
  if (provider !== undefined && !speaks(provider, shape.dialect)) return unknown('PROVIDER_DISAGREES');
  const asksEvents = /(?:^|&)(?:alt|%24alt|\$alt)=sse(?:&|$)/.test(input.query ?? '');
  return callFacts({
    body,
    body_bytes: input.body_bytes,
    shape,
    provider: provider ?? own(shape),
    asksEvents,
  });
}

/** Ollama runs wherever somebody starts it; its format is spoken by nobody else. */
function own({ dialect }: PathShape): Provider {
  return dialect === 'ollama' ? 'ollama' : 'other';
}

function withoutShape(input: AiRequestInput, isKnownHost: boolean, isExpected: boolean) {
  if (isKnownHost) return unknown('ENDPOINT_UNKNOWN');
  if (isExpected) return unknown('WORD_UNMET');
  const { body } = input;
  if (body !== undefined && (looksLikeCall(body) || fitsLaxly(body, input.path)))
    return unknown('PATH_SILENT');
  return { kind: 'none' } as const;
}

function fitsLaxly(body: JsonValue, path: string): boolean {
  return isObject(body) && pathShapes(laxPath(path)).some((shape) => fitsShape(body, shape));
}

function unfit({ body }: AiRequestInput, shapes: readonly PathShape[], isExpected: boolean) {
  const isCall = body !== undefined && looksLikeCall(body);
  if (isExpected || isCall || shapes.some(({ isTelling }) => isTelling)) return unknown('BODY_DISAGREES');
  return { kind: 'none' } as const;
}
