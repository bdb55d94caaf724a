import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { openTunnel } from '../intercept/client.ts';

/** Without a word for this long a connection counts as answered; correctness does not rest on it. */
const SILENCE_MS = 30_000;
const FRAME_HEAD = 9;
const [DATA, HEADERS, RST_STREAM, GOAWAY] = [0x0, 0x1, 0x3, 0x7];

/** What a client sends: all at once, or piece by piece. */
export type Pieces = readonly Piece[];
/** Bytes; milliseconds to wait; until this text has come; until this is so; the end of what the client says. */
type Piece = Buffer | number | string | 'end' | Until;
type Until = (heard: () => Buffer) => Promise<unknown>;

export interface Inside {
  readonly proxyPort: number;
  readonly authority: string;
  readonly credential: string;
  readonly ca: string | Buffer;
}

export const plain = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => resolve(socket));
    socket.once('error', reject);
  });

/** A verified connection through an intercepted tunnel. */
export async function inside(
  { proxyPort, authority, credential, ca }: Inside,
  alpn: string,
): Promise<Socket> {
  const { socket, status } = await openTunnel(proxyPort, authority, { 'proxy-authorization': credential });
  if (socket === undefined) throw new Error(`CONNECT was answered ${status}`);
  return await new Promise((resolve, reject) => {
    const servername = authority.replace(/:\d+$/, '');
    const tls = connectTls({ socket, ca, servername, ALPNProtocols: [alpn] });
    tls.once('secureConnect', () => resolve(tls));
    tls.once('error', reject);
  });
}

/** Says the pieces and gives back all that was answered, once `isOver` or nothing more comes. */
export function converse(
  socket: Socket,
  pieces: Pieces,
  isOver: (answer: Buffer) => boolean,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    let hasCome: () => void = () => undefined;
    const done = (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(SILENCE_MS, done);
    socket.on('error', () => undefined);
    socket.on('close', done);
    socket.on('data', (part: Buffer) => {
      answer = Buffer.concat([answer, part]);
      hasCome();
      if (isOver(answer)) done();
    });
    const say = async (): Promise<void> => {
      for (const piece of pieces) {
        if (piece === 'end') socket.end();
        else if (typeof piece === 'number') await new Promise((wait) => setTimeout(wait, piece));
        else if (typeof piece === 'function') await piece(() => answer);
        else if (typeof piece !== 'string') socket.write(piece);
        else
          while (!answer.includes(piece) && !socket.destroyed)
            await new Promise<void>((wait) => {
              hasCome = wait;
              socket.once('close', wait);
            });
      }
    };
    say().catch((err: unknown) => {
      socket.destroy();
      reject(err);
    });
  });
}

export interface Told {
  /** Absent where the answer does not show it: HTTP/2 packs its headers. */
  readonly status?: number;
  /** Of a problem document. */
  readonly code?: string;
  readonly receipt?: string;
  /** Status of gRPC, which has its denials in headers. */
  readonly grpc?: string;
}

/** Answers of HTTP/1.1 in their order, 100 left out. `method` HEAD: none has a body. */
export function answersOf(bytes: Buffer, method = 'POST'): Told[] {
  let rest = bytes.toString('latin1');
  const found: Told[] = [];
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(rest)?.[1]);
    if (end < 0 || Number.isNaN(status)) return found;
    const head = rest.slice(0, end);
    const length =
      method === 'HEAD' || status < 200 ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (rest.length < end + 4 + length) return found;
    const grpc = /\r\ngrpc-status: (\d+)/i.exec(head)?.[1];
    const told = { status, ...codeOf(rest.slice(end + 4, end + 4 + length)) };
    if (status >= 200) found.push(grpc === undefined ? told : { ...told, grpc });
    rest = rest.slice(end + 4 + length);
  }
}

/** Of one HTTP/2 connection: what the bodies of its streams say, `{}` for one without a body. */
export function streamsOf(bytes: Buffer): { readonly told: readonly Told[]; readonly over: number } {
  const bodies = new Map<number, string>();
  let over = 0;
  for (let at = 0; at + FRAME_HEAD <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3);
    const [type, flags, id] = [bytes[at + 3], bytes[at + 4] ?? 0, bytes.readUInt32BE(at + 5)];
    if (at + FRAME_HEAD + length > bytes.length) break;
    const payload = bytes.subarray(at + FRAME_HEAD, at + FRAME_HEAD + length);
    if (type === HEADERS || type === DATA)
      bodies.set(id, (bodies.get(id) ?? '') + (type === DATA ? payload.toString('latin1') : ''));
    if (((type === HEADERS || type === DATA) && (flags & 1) === 1) || type === RST_STREAM || type === GOAWAY)
      over += 1;
    at += FRAME_HEAD + length;
  }
  return { told: [...bodies.values()].map((body) => (body === 'ok' ? { status: 200 } : codeOf(body))), over };
}

function codeOf(body: string): Told {
  const said = (member: string): string | undefined =>
    new RegExp(`"${member}": ?"?([A-Za-z0-9_-]+)`).exec(body)?.[1];
  const [status, code, receipt] = [said('status'), said('code'), said('receipt_id')];
  return {
    ...(status === undefined ? {} : { status: Number(status) }),
    ...(code === undefined ? {} : { code }),
    ...(receipt === undefined ? {} : { receipt }),
  };
}
