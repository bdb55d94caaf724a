/** Where nothing is asked of bodies beyond what a service of AI is. */
const MODELS = '{kind: llm, providers: [openai], models: [gpt-4o-mini], tools: {only: [search]}}';

/** Small, so that one byte too many is quickly sent. */
export const MAX_BYTES = 16_384;
/** What is held of one body at most. */
export const HELD_BYTES = 16_777_216;

/**
 * One place for each way in which bodies decide. `/plain` is looked at by nobody; `/guarded` is open but for calls that deny
 * rules know by their body alone, `/spent` but for calls that its budget cannot count.
 */
export function inspectedPolicy(host: string, ports: readonly number[]): string {
  const at = (path: string) =>
    `destination: {hosts: [${host}], ports: [${ports.join(', ')}], schemes: [http, https]}, path_prefixes: [${path}]`;
  const rule = (id: string, more: string, kind = '{kind: http}') =>
    `  - {id: ${id}, match: {${at(`/${id}`)}, protocol: ${kind}}, tls: intercept, action: allow${more}}`;
  const json = `format: json, schema: refund.v1`;
  return [
    'schema: clawgress/policy/v1',
    'id: inspected',
    'schemas:',
    '  - {id: refund.v1, draft: 2020-12, schema: {type: object, required: [amount], properties: {amount: {type: integer, maximum: 100}}}}',
    '  - {id: row.v1, draft: 2020-12, schema: {type: object, required: [n], properties: {n: {type: integer}}}}',
    'rules:',
    rule('plain', ''),
    rule('money', `, request: {${json}, max_bytes: ${MAX_BYTES}}`),
    rule('large', `, request: {format: json, max_bytes: ${HELD_BYTES}}`),
    rule('mended', `, request: {${json}, repair: once, max_bytes: ${MAX_BYTES}}`),
    rule('any', `, request: {format: any, max_bytes: ${MAX_BYTES}}`),
    rule(
      'rows',
      `, request: {format: json_lines, schema: row.v1, max_bytes: ${MAX_BYTES}, on_oversize: stream}`,
    ),
    rule('reads', `, request: {${json}, max_bytes: ${MAX_BYTES}}`).replace(
      'path_prefixes',
      'methods: [POST], path_prefixes',
    ),
    rule('llm', '', MODELS),
    rule('mcp', '', '{kind: mcp, methods: [tools/call, tools/list], targets: [search]}'),
    rule('a2a', '', '{kind: a2a, methods: [GetTask]}'),
    rule('guarded', ''),
    rule('spent', ''),
    '  - {id: no-drop, match: {path_prefixes: [/guarded], protocol: {kind: mcp, methods: [tools/call], targets: [drop]}}, action: deny}',
    '  - {id: no-large-model, match: {path_prefixes: [/guarded], protocol: {kind: llm, models: ["gpt-4o*"]}}, action: deny}',
    '  - {id: no-errands, match: {path_prefixes: [/guarded], protocol: {kind: a2a, methods: [SendMessage]}}, action: deny}',
    'limits:',
    '  - {id: day, match: {path_prefixes: [/spent]}, per: agent, tokens: 10000000, window: {sliding: 1d}, mode: hard_stop}',
    '',
  ].join('\n');
}
