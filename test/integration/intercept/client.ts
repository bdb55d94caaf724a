import { randomUUID } from 'node:crypto';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly body: string;
  /** The answer broke off. */
  readonly cut: boolean;
}

export interface Ask {
  readonly port: number;
  /** Request target as it goes on the wire. */
  readonly target: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Loopback address to come from. */
  readonly from?: string;
}

/** For the path of a request, to tell it from all others. */
export const nonce = (): string => `n${randomUUID().replaceAll('-', '')}`;

export function ask({ port, target, method = 'GET', headers = {}, from }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        ...{ host: '127.0.0.1', port, path: target, method, headers, agent: false },
        ...(from === undefined ? {} : { localAddress: from }),
      },
      (response) => {
        const parts: Buffer[] = [];
        const done = (cut: boolean) => () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            trailers: response.trailers,
            body: Buffer.concat(parts).toString(),
            cut,
          });
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', done(false));
        response.on('error', done(true));
      },
    );
    call.on('error', reject);
    call.end();
  });
}

/** What a refused CONNECT answered, or the tunnel. */
export type Tunnel =
  | {
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly socket: Socket;
    }
  | {
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly socket?: undefined;
    };

export function openTunnel(
  port: number,
  authority: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Tunnel> {
  return new Promise((resolve, reject) => {
    const call = request({
      host: '127.0.0.1',
      port,
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...headers },
      agent: false,
    });
    call.on('connect', (response, socket, head) => {
      // A tunnel that nobody reads at the moment may break off all the same.
      socket.on('error', () => undefined);
      const { statusCode: status = 0, headers: got } = response;
      if (status === 200) {
        if (head.length > 0) socket.unshift(head);
        resolve({ status, headers: got, socket });
        return;
      }
      // Node hands the connection over whatever the status; nobody asks for the body that is left on it.
      socket.resume().end();
      resolve({ status, headers: got });
    });
    call.on('error', reject);
    call.end();
  });
}

const PATIENCE_MS = 30_000;

/** Sends bytes as they are and returns what came back until there is an answer, or the other side closes without one. */
export function sendRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let got = '';
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.on('data', (part) => {
      got += part.toString('latin1');
      if (isWhole(got)) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(got));
  });
}

/** One answer, with a body of the length that it names, or none. */
function isWhole(got: string): boolean {
  const end = got.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const length = Number(/^content-length: (\d+)\r$/im.exec(got.slice(0, end + 2))?.[1] ?? 0);
  return got.length - (end + 4) >= length;
}

export function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    socket.on('data', (part: Buffer) => {
      got += part.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(got));
  });
}
