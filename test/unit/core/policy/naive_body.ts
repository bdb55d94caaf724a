import { createHash } from 'node:crypto';
import type { EgressRequest } from '../../../../src/core/request/egress_request.ts';
import type { BodySchema, Match, Rule } from '../../../../src/gen/policy_document.ts';

/** A second evaluator of bodies, written from the policy reference; lists of what was said, of which the strictest is kept. */

const isWord = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text);

/** 1 holds, 0 does not, 0.5 hidden, 0.6 nobody can read it, 0.8 the body will say. */
export function naiveCall({ protocol: asked }: Match, request: EgressRequest): number {
  const { protocol, body, path = '', path_ambiguous } = request;
  if (asked === undefined || !['llm', 'mcp', 'a2a'].includes(asked.kind)) return 1;
  const [nothing, service = '', method = '', ...more] = path.split('/');
  const isMethod =
    nothing === '' &&
    more.length === 0 &&
    service.includes('.') &&
    [...service.split('.'), method].every(isWord);
  if (protocol === 'grpc' && isMethod && !path_ambiguous) return 0;
  if (protocol !== 'http' && protocol !== 'grpc') return 0;
  if (body === undefined) return 0.8;
  const { ai } = body;
  const isRead = body.state !== 'streamed' && body.problem === undefined;
  if (ai === undefined) return isRead ? 0 : 0.6;
  if (ai.kind === 'unknown') return 0.6;
  if (ai.kind !== asked.kind) return 0;
  const list = (wanted: readonly string[] | undefined, value: string | undefined) =>
    wanted === undefined ? 1 : value === undefined ? 0.6 : wanted.includes(value) ? 1 : 0;
  const model =
    asked.models === undefined || ai.model === undefined
      ? list(asked.models, ai.model)
      : asked.models.some(
          (m) => m === ai.model || (m.endsWith('*') && ai.model?.indexOf(m.slice(0, -1)) === 0),
        );
  const tools = ai.tools ?? [];
  const only = asked.tools?.only;
  const any = asked.tools?.any_of;
  return Math.min(
    list(asked.providers, ai.provider),
    list(asked.endpoints, ai.endpoint),
    Number(model),
    only && tools.filter((tool) => !only.includes(tool)).length > 0 ? 0 : 1,
    any && tools.filter((tool) => any.includes(tool)).length === 0 ? 0 : 1,
    list(asked.methods, ai.method ?? ''),
    list(asked.targets, ai.target ?? ''),
  );
}

type Asked = Record<string, unknown> & { schemas: string[]; max_bytes: number; on_oversize: string };

/** `rules`: allow rules that match or may match, whatever stops them. `words`: of those that wait for the body alone. */
export function naiveAsked(
  rules: readonly Rule[],
  isRead: boolean,
  words: readonly Rule[],
  schemas: readonly BodySchema[],
): { request: Asked | undefined; response: object | undefined } {
  const hash = (id: string) => {
    const schema = schemas.find((one) => one.id === id)?.schema as unknown as string;
    return `sha256:${createHash('sha256').update(schema).digest('hex')}`;
  };
  const requests = rules.flatMap(({ request }) => (request ? [request] : []));
  const responses = rules.flatMap(({ response }) => (response ? [response] : []));
  return { request: requestOf(requests, isRead, words, hash), response: responseOf(responses, hash) };
}

function first<T>(order: readonly T[], said: readonly unknown[]): T {
  const [found] = order.filter((one) => said.includes(one));
  return found as T;
}

function sorted(list: readonly string[]): string[] {
  return [...new Set(list)].sort();
}

function requestOf(
  list: readonly NonNullable<Rule['request']>[],
  isRead: boolean,
  words: readonly Rule[],
  hash: (id: string) => string,
): Asked | undefined {
  const said = sorted(
    words.map(({ match }) => {
      const { kind, providers = [] } = match?.protocol ?? { kind: 'http' };
      return JSON.stringify(providers.length === 1 ? { kind, provider: providers[0] } : { kind });
    }),
  );
  const ai = isRead ? { ai: true, ...(said.length === 1 ? { word: JSON.parse(said[0] ?? '') } : {}) } : {};
  if (list.length === 0) {
    return isRead
      ? { format: 'any', schemas: [], max_bytes: 16 * 1024 * 1024, on_oversize: 'deny', ...ai }
      : undefined;
  }
  const format = first(
    ['json', 'json_lines', 'any'],
    list.map((one) => one.format ?? (one.schema || one.elements || one.repair ? 'json' : 'any')),
  );
  const kinds = ['code_fence', 'bom', 'trailing_comma', 'comment', 'single_quotes', 'unquoted_key'] as const;
  const repair = kinds.filter((kind) =>
    list.every((one) => one.repair && (one.repair_kinds ?? kinds).includes(kind)),
  );
  const pairs = list.flatMap(({ elements }) => (elements ? [[hash(elements.schema), elements.pointer]] : []));
  const elements = sorted(pairs.map((pair) => JSON.stringify(pair))).map((text) => {
    const [schema_hash, pointer] = JSON.parse(text);
    return { pointer, schema_hash };
  });
  const all = sorted(list.flatMap(({ schema }) => (schema ? [hash(schema)] : [])));
  const over = first(
    ['deny', 'stream', 'scan_prefix'],
    list.map((one) => one.on_oversize ?? 'deny'),
  );
  const isWhole = format === 'json' && (all.length > 0 || repair.length > 0);
  return {
    format,
    schemas: all,
    max_bytes: Math.min(...list.map((one) => one.max_bytes ?? 1024 * 1024)),
    on_oversize: isWhole ? 'deny' : over,
    ...(repair.length ? { repair } : {}),
    ...(elements.length ? { elements } : {}),
    ...(list.every((one) => one.ask_usage) ? { ask_usage: true } : {}),
    ...ai,
  };
}

function responseOf(
  list: readonly NonNullable<Rule['response']>[],
  hash: (id: string) => string,
): object | undefined {
  if (list.length === 0) return undefined;
  const schemas = sorted(list.flatMap(({ schema }) => (schema ? [hash(schema)] : [])));
  const strip = sorted(list.flatMap((one) => one.strip ?? []));
  const lists = list.flatMap(({ tool_calls }) => (tool_calls?.allow ? [tool_calls.allow] : []));
  const allow = sorted(lists.flat()).filter((name) => lists.every((one) => one.includes(name)));
  const deny = sorted(list.flatMap(({ tool_calls }) => tool_calls?.deny ?? []));
  const calls = { ...(lists.length ? { allow } : {}), ...(deny.length ? { deny } : {}) };
  return {
    inspect: first(
      ['json', 'sse', 'auto'],
      list.map((one) => one.inspect ?? (one.schema || one.strip ? 'json' : 'auto')),
    ),
    ...(schemas.length ? { schemas } : {}),
    max_bytes: Math.min(...list.map((one) => one.max_bytes ?? 16 * 1024 * 1024)),
    on_violation: first(
      ['block', 'strip', 'alert'],
      list.map((one) => one.on_violation ?? 'block'),
    ),
    ...(strip.length ? { strip } : {}),
    ...(list.some((one) => one.notarize) ? { notarize: true } : {}),
    ...(Object.keys(calls).length ? { tool_calls: calls } : {}),
    ...(list.every((one) => one.on_encoded === 'bypass') ? { on_encoded: 'bypass' } : {}),
  };
}

const TYPES = ['CONTENT_TYPE_MISMATCH', 'CHARSET_REFUSED', 'ENCODING_REFUSED', 'TRAILERS_REFUSED'];

export function naiveProblem(code: string): string {
  return code === 'BODY_TOO_LARGE' ? code : TYPES.includes(code) ? 'BODY_TYPE_REFUSED' : 'BODY_INVALID';
}

/** A reason, `again`, or nothing when the body is as asked. */
export function naiveBroken(asked: Asked | undefined, { body }: EgressRequest): string | undefined {
  if (body === undefined) return undefined;
  if (body.problem?.code === 'BODY_TOO_LARGE') return 'BODY_TOO_LARGE';
  const mended = new Set((body.repair?.edits ?? []).map(({ kind }) => kind as string));
  const isAsked = mended.delete('usage_asked');
  const may = (asked?.['repair'] ?? []) as string[];
  const isForged = [...mended].some((kind) => !may.includes(kind));
  const usage = isAsked && asked?.['ask_usage'] !== true ? 'again' : undefined;
  if (asked === undefined) return isForged ? 'BODY_INVALID' : usage;
  if (body.problem) return naiveProblem(body.problem.code);
  const isHeld = asked.on_oversize !== 'deny';
  if (!isHeld && (body.state === 'streamed' || body.bytes > asked.max_bytes)) return 'BODY_TOO_LARGE';
  if (asked['format'] !== 'any' && asked['format'] !== body.format) return 'BODY_INVALID';
  if (isForged) return 'BODY_INVALID';
  if (usage) return usage;
  if (body.state === 'streamed') return undefined;
  const elements = (asked['elements'] ?? []) as { schema_hash: string }[];
  const tried = [...asked.schemas, ...elements.map(({ schema_hash }) => schema_hash)].map(
    (wanted) => body.schemas?.find(({ schema_hash }) => schema_hash === wanted)?.is_valid,
  );
  if (tried.includes(false)) return 'SCHEMA_INVALID';
  return tried.includes(undefined) ? 'again' : undefined;
}
