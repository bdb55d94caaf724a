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
      readonly body: '';
    }
  | {
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly socket?: undefined;
      readonly body: string;
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
      const { statusCode: status = 0, headers: got } = response;
      if (status === 200) {
        if (head.length > 0) socket.unshift(head);
        resolve({ status, headers: got, socket, body: '' });
        return;
      }
      // Node hands the connection over whatever the status; the body is what is left on it.
      const parts: Buffer[] = [head];
      socket.on('data', (part: Buffer) => parts.push(part));
      const done = (): void => resolve({ status, headers: got, body: Buffer.concat(parts).toString() });
      socket.on('close', done).on('error', done);
      setTimeout(() => socket.destroy(), 200);
    });
    call.on('error', reject);
    call.end();
  });
}

/** Sends bytes as they are and returns what came back until the other side closes or 500 ms of silence. */
export function sendRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let got = '';
    socket.setTimeout(500, () => socket.destroy());
    socket.on('data', (part) => {
      got += part.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(got));
  });
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
