/**
 * Asks with names that disagree. Run as a program it takes one JSON request a line and answers with one JSON line, so
 * that another user can be the client.
 */
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';

export interface Named {
  /** Host and port that the connection is made to. */
  readonly to: readonly [string, number];
  /** Authority of a CONNECT, and its headers with their colons. */
  readonly tunnel?: readonly [string, ...string[]];
  /** SNI; empty for none. Undefined: no TLS. */
  readonly sni?: string;
  /** HTTP/1.1: the request target, and headers with their colons. */
  readonly ask?: readonly [string, ...string[]];
  /** HTTP/2 instead: `:authority`, and `host` if it is sent as well. */
  readonly ask2?: readonly [string, string?];
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes that are neither TLS nor HTTP. */
  readonly bytes?: string;
}

export interface NamedAnswer {
  /** Of the CONNECT; 0 without one. */
  readonly connect: number;
  /** 0: no answer. */
  readonly status: number;
  readonly text: string;
}

/** Only so that nothing hangs for ever: whoever is refused is told, or sees the connection end. */
const WAIT_MS = 60_000;

export async function askNamed(one: Named): Promise<NamedAnswer> {
  const socket = connect(one.to[1], one.to[0]).on('error', () => undefined);
  const late = setTimeout(() => socket.destroy(), WAIT_MS);
  try {
    const opened =
      one.tunnel === undefined ? undefined : await headOf(socket, `CONNECT ${lines(one.tunnel)}`);
    if (opened !== undefined && opened.status !== 200)
      return { ...opened, connect: opened.status, status: 0 };
    const told = await inside(one, socket);
    return { connect: opened?.status ?? 0, ...told };
  } finally {
    clearTimeout(late);
    socket.destroy();
  }
}

async function inside(one: Named, socket: Socket): Promise<Omit<NamedAnswer, 'connect'>> {
  const over =
    one.sni === undefined ? socket : secured(socket, one.sni, one.ask2 === undefined ? 'http/1.1' : 'h2');
  if (one.ask2 !== undefined) return await http2(over, one.ask2, one.headers ?? {});
  if (one.bytes !== undefined) return await headOf(over, one.bytes);
  const extra = Object.entries(one.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  return await headOf(over, `GET ${lines([...(one.ask ?? ['/']), ...extra] as [string])}`);
}

function lines([target, ...headers]: readonly [string, ...string[]]): string {
  return [`${target} HTTP/1.1`, ...headers, '\r\n'].join('\r\n');
}

/** Who stands at the other end is another test's affair. */
function secured(socket: Socket, servername: string, alpn: string): Socket {
  const name = servername === '' ? {} : { servername };
  const options = { socket, ALPNProtocols: [alpn], rejectUnauthorized: false, ...name };
  return connectTls(options).on('error', () => undefined);
}

/** Status and everything that came, when the other side has ended or the head of a tunnel is there. */
function headOf(socket: Socket, text: string): Promise<Omit<NamedAnswer, 'connect'>> {
  socket.write(text);
  let got = '';
  return new Promise((resolve) => {
    const told = () => resolve({ status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(got)?.[1] ?? 0), text: got });
    socket.on('data', (part: Buffer) => {
      got += part.toString('latin1');
      const [head = '', body] = got.split('\r\n\r\n');
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      if (body !== undefined && body.length >= length) told();
    });
    socket.on('close', told);
  });
}

function http2(
  socket: Socket,
  [authority, host]: readonly [string, string?],
  headers: Readonly<Record<string, string>>,
): Promise<Omit<NamedAnswer, 'connect'>> {
  return new Promise((resolve) => {
    const session = connectHttp2(`https://${authority}`, { createConnection: () => socket });
    let status = 0;
    let text = '';
    const told = () => {
      session.destroy();
      resolve({ status, text });
    };
    session.on('error', told).on('close', told);
    const request = session.request({
      ...{ ':path': '/names', ':authority': authority, ...headers },
      ...(host === undefined ? {} : { host }),
    });
    request.on('response', (answer) => {
      status = Number(answer[':status']);
    });
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('error', told).on('close', told);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for await (const line of createInterface({ input: process.stdin }))
    process.stdout.write(`${JSON.stringify(await askNamed(JSON.parse(line) as Named))}\n`);
