import type { RawRequest } from './egress_request.ts';
import { announcesBody, headersFit } from './headers.ts';
import { parseAuthority } from './host.ts';
import { contradictsHost } from './normalise.ts';
import { OWN_NAME } from './own_name.ts';
import { protocolOf } from './protocol.ts';

/** What an agent may ask the gateway about itself. */
export type SelfQuestion =
  | { readonly kind: 'whoami' }
  | { readonly kind: 'quota' }
  | { readonly kind: 'why'; readonly receipt_id: string };

const PREFIX = '/_clawgress/';
const WHY = /^why\/([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$/;
const PLAIN_PORT = 80;

/**
 * The question that a request asks, in its one spelling. Undefined for everything else, which is judged like any request:
 * what names the gateway as its destination is then denied as such, so no spelling of a question ever leaves.
 */
export function selfQuestion(raw: RawRequest, ports: readonly number[]): SelfQuestion | undefined {
  if (raw.method !== 'GET' || !raw.path.startsWith(PREFIX)) return undefined;
  if (!headersFit(raw.headers) || announcesBody(raw.headers) || contradictsHost(raw)) return undefined;
  const protocol = protocolOf(raw);
  if (!protocol.ok || protocol.value !== 'http' || !namesGateway(raw, ports)) return undefined;
  return questionOf(raw.path.slice(PREFIX.length));
}

function questionOf(rest: string): SelfQuestion | undefined {
  if (rest === 'whoami' || rest === 'quota') return { kind: rest };
  const [, receipt_id] = WHY.exec(rest) ?? [];
  return receipt_id === undefined ? undefined : { kind: 'why', receipt_id };
}

/** On the proxy port by the reserved name alone; on the base URL also by whatever name goes with one of our ports. */
function namesGateway({ mode, authority: text, scheme }: RawRequest, ports: readonly number[]): boolean {
  const authority = parseAuthority(text);
  if (!authority.ok) return false;
  const { host, port } = authority.value;
  const isPlain = port === undefined || port === PLAIN_PORT;
  if (mode === 'explicit') return scheme === 'http' && host === OWN_NAME && isPlain;
  if (mode !== 'base_url') return false;
  return port !== undefined && ports.includes(port) ? true : host === OWN_NAME && isPlain;
}
