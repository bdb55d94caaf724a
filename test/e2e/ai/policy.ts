import { HOSTS } from './providers.ts';

/** Tools that models may not call, and one of the MCP server that nobody may. */
export const FORBIDDEN = { model: 'transfer', mcp: 'drop' } as const;
export const MODELS = { openai: 'gpt-4o-mini', anthropic: 'claude-haiku-4-5' } as const;

export function aiPolicy(port: number): string {
  const to = (host: string) => `destination: {hosts: [${host}], ports: [${port}], schemes: [https]}`;
  const answers = `{inspect: auto, notarize: true, on_violation: block, tool_calls: {deny: [${FORBIDDEN.model}]}}`;
  return `schema: clawgress/policy/v1
id: ai
rules:
  - id: openai
    match: {${to(HOSTS.openai)}, protocol: {kind: llm, providers: [openai], models: [${MODELS.openai}]}}
    tls: intercept
    action: allow
    request: {ask_usage: true}
    response: ${answers}
  - id: anthropic
    match: {${to(HOSTS.anthropic)}, protocol: {kind: llm, providers: [anthropic], models: ["claude-haiku-*"]}}
    tls: intercept
    action: allow
    response: ${answers}
  - id: mcp
    match: {${to(HOSTS.mcp)}, protocol: {kind: mcp}}
    tls: intercept
    action: allow
    response: {inspect: auto, notarize: true, on_violation: alert}
  - id: no-drop
    match: {protocol: {kind: mcp, methods: [tools/call], targets: [${FORBIDDEN.mcp}]}}
    action: deny
limits:
  - {id: day, match: {protocol: {kind: llm}}, per: agent, tokens: 1000000, window: {sliding: 1d}, mode: hard_stop}
`;
}
