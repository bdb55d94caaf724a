import { createServer, type IncomingMessage, type Server } from 'node:http';
import {
  createServer as createHttp2,
  createSecureServer,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { keptOpen } from '../../support/kept_open.ts';
import { acceptOf, CLOSE, frame, frameReader } from '../../support/websocket.ts';
import type { Hit } from './upstream.ts';

/** Ports of destinations that give back what they get, message by message. */
export interface StreamUpstream {
  readonly socket: number;
  readonly secureSocket: number;
  readonly call: number;
  readonly secureCall: number;
  close(): Promise<void>;
}

const ADDRESS = '127.0.0.1';
type Choose = (name: string, done: (error: null, context: SecureContext | undefined) => void) => void;

/** `choose`: the certificate for a name; `hit`: told of each handshake and call. */
export async function startStreams(choose: Choose, hit: (hit: Hit) => void): Promise<StreamUpstream> {
  const sockets = new Set<Socket>();
  const webSockets = [createServer(), createHttps({ SNICallback: choose })].map(keptOpen);
  const calls = [createHttp2(), createSecureServer({ SNICallback: choose })] as Http2Server[];
  for (const server of webSockets)
    server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      hit(hitOf(request.headers.host, request.url, socket));
      echoFrames(request, socket);
    });
  for (const server of calls)
    server.on('stream', (stream, headers) => {
      hit(hitOf(headers[':authority'], headers[':path'], stream.session?.socket));
      echoCall(stream);
    });
  const ports: number[] = [];
  for (const server of [...webSockets, ...calls] as Server[]) {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket.on('close', () => sockets.delete(socket)));
    });
    await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve));
    ports.push((server.address() as AddressInfo).port);
  }
  const [socket = 0, secureSocket = 0, call = 0, secureCall = 0] = ports;
  return {
    ...{ socket, secureSocket, call, secureCall },
    async close() {
      for (const one of sockets) one.destroy();
      for (const server of [...webSockets, ...calls] as Server[])
        await new Promise((resolve) => server.close(resolve));
    },
  };
}

function hitOf(authority = '', path = '', socket?: object): Hit {
  const { servername } = (socket ?? {}) as Partial<TLSSocket>;
  return { host: authority.replace(/:\d+$/, ''), path, sni: servername || undefined };
}

function echoFrames({ headers }: IncomingMessage, socket: Socket): void {
  const accept = acceptOf(String(headers['sec-websocket-key']));
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  socket.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`);
  const read = frameReader();
  socket.on('error', () => undefined);
  socket.on('data', (part: Buffer) => {
    for (const { opcode, payload } of read(part)) {
      socket.write(frame(opcode, payload));
      if (opcode === CLOSE) socket.end();
    }
  });
}

/** Messages of a call are framed by their length, so what comes can go back as it is. */
function echoCall(stream: ServerHttp2Stream): void {
  stream.on('error', () => undefined);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.pipe(stream);
}
