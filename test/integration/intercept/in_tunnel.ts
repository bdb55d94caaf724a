import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
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
  const servername = way.sni ?? way.authority.replace(/:\d+$/, '');
  return handshakeIn(await enter(way), { ca: way.ca, servername, alpn: way.alpn ?? 'http/1.1' });
}

/** The same in a tunnel that is open. */
export function handshakeIn(
  socket: Socket,
  { ca, servername, alpn = 'http/1.1' }: { ca: string; servername: string; alpn?: string },
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const tls = connectTls({
      ...{ socket, ca, ALPNProtocols: [alpn] },
      ...(servername === '' ? { checkServerIdentity: () => undefined } : { servername }),
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
  /** Keeps the connection, for HTTP/1.1; by default it is used once. */
  readonly agent?: Agent;
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
  { path, headers = {}, body, agent }: Inner,
): Promise<InnerAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({
      ...(agent === undefined ? { createConnection: () => tls } : { agent }),
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
