import { CAP_BYTES, streamModes } from './streams_table.ts';
import { keysOf, MODES, type Mode } from './table.ts';

/** Below it are the names of all cells of a mode. Envoy knows by itself where *.localhost is; so do some clients. */
export function domainOf(mode: Mode): string {
  return `${mode}.${MODES[mode].entry === 'redirected' ? 'test' : 'localhost'}`;
}

/** Each cell has a host name of its own, so records and hits tell which cell they belong to. */
export function hostOf(mode: Mode, cell: string): string {
  return `${cell}.${domainOf(mode)}`;
}

export const LIMITED_AGENT = 'demo-limited';

/** Opens every cell's host in its mode; refuses the cells that are to be refused. */
export function matrixPolicy(): string {
  const to = (...modes: Mode[]) =>
    `destination: {hosts: [${modes.map((mode) => `"*.${domainOf(mode)}"`).join(', ')}]`;
  const limits = keysOf(MODES).map(
    (mode) =>
      `  - {id: one-${mode}, match: {destination: {hosts: [${hostOf(mode, 'limited')}]}}, per: agent, rpm: 1, burst: 1}`,
  );
  const unseen = (['opaque', 'raw', 'redirected-opaque'] as const).map((mode) => hostOf(mode, 'deny'));
  return `schema: clawgress/policy/v1
id: matrix
rules:
  - {id: plain, action: allow, match: {${to('plain', 'redirected-plain')}, schemes: [http]}, protocol: {kind: http}}}
  - {id: base, action: allow, match: {${to('base-host', 'base-to')}, schemes: [https]}, protocol: {kind: http}}}
  - {id: inside, action: allow, tls: intercept, match: {${to('inside-h1', 'inside-h2', 'redirected-inside', 'redirected-header')}, schemes: [https]}, protocol: {kind: http}}}
  - {id: opaque, action: allow, match: {${to('opaque', 'redirected-opaque')}}, protocol: {kind: connect}}}
  - {id: raw, action: allow, match: {${to('raw')}}, protocol: {kind: tcp}}}
  - {id: sockets, action: allow, match: {${to(...streamModes())}}, path_prefixes: [/stream], protocol: {kind: websocket}}}
  - {id: capped-sockets, action: allow, stream: {max_bytes: ${CAP_BYTES}}, match: {${to(...streamModes())}}, path_prefixes: [/capped], protocol: {kind: websocket}}}
  - {id: capped-calls, action: allow, stream: {max_bytes: ${CAP_BYTES}}, match: {${to(...streamModes())}}, path_prefixes: [/capped], protocol: {kind: grpc}}}
  - {id: no-path, action: deny, match: {path_prefixes: [/denied], protocol: {kind: http}}}
  - {id: no-host, action: deny, match: {destination: {hosts: [${unseen.join(', ')}]}}}
limits:
${limits.join('\n')}
`;
}
