import { randomBytes } from 'node:crypto';
import { GATEWAY_TRY_MS, type Heard, type Step, TUNNEL_TRY_MS, talk } from './dial.ts';
import { gatewayCode, type HttpHead, parseHead, requestText } from './http_wire.ts';
import type { ProxySight } from './judge.ts';
import { authorityOf, type Place, type ProxyPlace } from './places.ts';
import { answerToHello, clientHello } from './tls_hello.ts';
import { findProof, type Token } from './token.ts';

export type Header = readonly [name: string, value: string];

const HELLO_RANDOM_BYTES = 32;

/** One request to a listener of the gateway, and what came back. */
export async function askGateway(
  place: Place,
  request: { method: string; target: string; headers: readonly Header[] },
  token: Token,
): Promise<ProxySight> {
  const send = requestText(request.method, request.target, request.headers);
  const heard = await talk(place, [{ send, complete: isWholeAnswer }], GATEWAY_TRY_MS);
  return sightOfAnswer(heard, token);
}

/** Absolute form, as clients write to a proxy. */
export async function askThrough(
  proxy: ProxyPlace,
  url: string,
  token: Token,
  extra: readonly Header[] = [],
): Promise<ProxySight> {
  const host = /^https?:\/\/([^/]+)/.exec(url)?.[1] ?? '';
  const headers: Header[] = [['Host', host], ...credentialOf(proxy), ...extra];
  return await askGateway(proxy, { method: 'GET', target: url, headers }, token);
}

/** CONNECT, and then `payload` if a tunnel opens. */
export async function tunnelThrough(
  proxy: ProxyPlace,
  authority: string,
  payload: Uint8Array | string,
  token: Token,
  extra: readonly Header[] = [],
): Promise<ProxySight> {
  const headers: Header[] = [['Host', authority], ...credentialOf(proxy), ...extra];
  const open: Step = {
    send: requestText('CONNECT', authority, headers),
    complete: (bytes) => isOpen(parseHead(bytes)),
  };
  const inside: Step = { send: payload, complete: (bytes) => bytes.length > 0 };
  const heard = await talk(proxy, [open, inside], TUNNEL_TRY_MS);
  const [head, answer] = heard.bytes;
  if (answer === undefined) return sightOfAnswer(heard, token);
  if (findProof(Buffer.concat([head ?? answer, answer]), token) !== undefined)
    return { kind: 'arrived', arrival: { saw: [] } };
  const kind = answerToHello(answer);
  // A proxy inside the tunnel marks its refusals, too.
  const inner = kind === 'other' ? parseHead(answer) : undefined;
  if (inner !== undefined) return sightOfHead(inner, answer);
  if (kind === 'hello' || kind === 'other') return { kind: 'bytes' };
  return heard.closed || kind === 'alert' ? { kind: 'closed' } : { kind: 'silent' };
}

/** A hello that names this probe, so that the target knows it by its first bytes. Without a name: none at all. */
export function helloOf(name?: string): Uint8Array {
  return clientHello(randomBytes(HELLO_RANDOM_BYTES), randomBytes(HELLO_RANDOM_BYTES), name);
}

export function credentialOf({ authorization }: ProxyPlace): readonly Header[] {
  return authorization === undefined ? [] : [['Proxy-Authorization', authorization]];
}

export function sightOfAnswer(heard: Heard, token: Token): ProxySight {
  const [bytes = Buffer.alloc(0)] = heard.bytes;
  const arrival = findProof(bytes, token);
  if (arrival !== undefined) return { kind: 'arrived', arrival };
  const head = parseHead(bytes);
  if (head !== undefined) return sightOfHead(head, bytes);
  if (heard.error !== undefined) return { kind: 'failed', code: heard.error };
  if (bytes.length > 0) return { kind: 'bytes' };
  return heard.closed ? { kind: 'closed' } : { kind: 'silent' };
}

function sightOfHead(head: HttpHead, bytes: Uint8Array): ProxySight {
  const { status } = head;
  const code = gatewayCode(head);
  if (code !== undefined) return { kind: 'gateway', status, code };
  const hangsUp = head.headers.get('connection')?.toLowerCase() === 'close';
  return { kind: 'status', status, bare: hangsUp && bytes.length === head.bodyAt };
}

function isOpen(head: HttpHead | undefined): boolean {
  return head !== undefined && head.status >= 200 && head.status < 300;
}

/** The head, and as much of the body as it announces. */
export function isWholeAnswer(bytes: Uint8Array): boolean {
  const head = parseHead(bytes);
  if (head === undefined) return false;
  const length = head.headers.get('content-length');
  return length !== undefined && /^\d{1,6}$/.test(length) && bytes.length >= head.bodyAt + Number(length);
}

export function urlOf(place: Place, path: string): string {
  return `http://${authorityOf(place)}/${path}`;
}
