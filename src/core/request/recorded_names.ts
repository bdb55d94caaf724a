import type { RequestFacts } from '../receipt/decision.ts';
import { parseAuthority } from './host.ts';
import { formatDialled } from './transparent.ts';

/** Whether names, protocol and tunnel of recorded facts are such as their way in gives them. */
export function agreesWithMode(facts: RequestFacts): boolean {
  if (facts.tls !== undefined && facts.protocol !== 'connect') return false;
  if (!agreesWithProtocol(facts)) return false;
  if (facts.mode === 'transparent') return isTransparent(facts);
  if (facts.original_destination !== undefined) return false;
  if (facts.mode !== 'intercepted') return facts.sni === undefined;
  return facts.protocol !== 'connect' && isTlsFor(facts);
}

/** A handshake has no body of its own, a call always one, which somebody may have looked at. */
function agreesWithProtocol({ protocol, method, body_state }: RequestFacts): boolean {
  if (protocol === 'websocket') return method === 'GET';
  return protocol !== 'grpc' || (method === 'POST' && body_state !== 'none');
}

function isTlsFor({ scheme, host_kind, authority, sni }: RequestFacts): boolean {
  return scheme === 'https' && sni === (host_kind === 'name' ? authority : undefined);
}

function isTransparent(facts: RequestFacts): boolean {
  const { authority, host_kind, port = 0, original_destination = '', sni } = facts;
  const dialled = parseAuthority(original_destination);
  if (!dialled.ok || dialled.value.host_kind === 'name' || dialled.value.port !== port) return false;
  if (formatDialled({ ...dialled.value, port }) !== original_destination) return false;
  // An address can only be the one that was dialled; a name can stand for any.
  if (host_kind !== 'name' && dialled.value.host !== authority) return false;
  if (facts.protocol === 'connect') return isConnection(facts);
  if (facts.visibility !== 'full') return false;
  return facts.scheme === 'http' ? sni === undefined : isTlsFor(facts);
}

function isConnection({ scheme, visibility, host_kind, authority, sni }: RequestFacts): boolean {
  if (scheme !== 'tcp') return false;
  if (visibility === 'sni') return host_kind === 'name' && sni === authority;
  return visibility === 'authority' && host_kind !== 'name' && sni === undefined;
}
