import { type IncomingHttpHeaders, request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { openTunnel } from './client.ts';

export interface Way {
  /** Proxy port. */
  readonly port: number;
  readonly authority: string;
  /** What the gateway is told to answer to the CONNECT. */
  readonly wish: string;
  /** Server name of the handshake; the host of the authority by default, empty for none. */
  readonly sni?: string;
  readonly ca: string;
  readonly alpn?: 'h2' | 'http/1.1';
}

/** A handshake through a tunnel, certificate and name verified. Rejects when it fails. */
export async function handshake(way: Way): Promise<TLSSocket> {
  const socket = await enter(way);
  const servername = way.sni ?? way.authority.replace(/:\d+$/, '');
  return await new Promise((resolve, reject) => {
    const tls = connectTls({
      socket,
      ca: way.ca,
      ...(servername === '' ? { checkServerIdentity: () => undefined } : { servername }),
      ALPNProtocols: [way.alpn ?? 'http/1.1'],
    });
    tls.once('secureConnect', () => resolve(tls));
    tls.once('error', reject);
    // A connection that is closed before the handshake ended is not an error for Node.
    tls.once('close', () => reject(new Error('closed during the handshake')));
  });
}

/** The tunnel that a CONNECT opened, before a byte is said in it. */
export async function enter({ port, authority, wish }: Omit<Way, 'ca'>): Promise<Socket> {
  const tunnel = await openTunnel(port, authority, { 'x-clawgress-test': wish });
  if (tunnel.socket === undefined) throw new Error(`CONNECT was answered ${tunnel.status}`);
  return tunnel.socket;
}

export interface Inner {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface InnerAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request inside, and the end of the tunnel. */
export async function askInside(way: Way, inner: Inner): Promise<InnerAnswer> {
  const tls = await handshake(way);
  try {
    return await (way.alpn === 'h2' ? askHttp2 : askHttp1)(tls, way.authority, inner);
  } finally {
    tls.destroy();
  }
}

export function askHttp1(
  tls: TLSSocket,
  authority: string,
  { path, headers = {}, body }: Inner,
): Promise<InnerAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({
      createConnection: () => tls,
      path,
      method: body === undefined ? 'GET' : 'POST',
      headers: { host: authority, ...headers },
    });
    call.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts).toString(),
        }),
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}

function askHttp2(
  tls: TLSSocket,
  authority: string,
  { path, headers = {}, body }: Inner,
): Promise<InnerAnswer> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`https://${authority}`, { createConnection: () => tls });
    session.on('error', reject);
    const stream = session.request({
      ':authority': authority,
      ':path': path,
      ':method': body === undefined ? 'GET' : 'POST',
      ...headers,
    });
    const parts: Buffer[] = [];
    let got: IncomingHttpHeaders = {};
    stream.on('response', (answered) => {
      got = answered as IncomingHttpHeaders;
    });
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('error', reject);
    stream.on('end', () => {
      session.close();
      resolve({ status: Number(got[':status']), headers: got, body: Buffer.concat(parts).toString() });
    });
    stream.end(body);
  });
}
