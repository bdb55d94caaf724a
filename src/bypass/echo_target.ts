import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { encodeTxtAnswer, parseQuestion } from './dns_wire.ts';
import { findTokens, proofLine, SEARCHED_BYTES_MAX, type Token } from './token.ts';

/** Somebody reached us. One line of the target's log. */
export interface ArrivalNote extends Token {
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
  /** Address of whoever sent it, as seen here. */
  readonly from: string;
}

export interface EchoTarget {
  /** In the order of the ports that were asked for. */
  readonly ports: readonly number[];
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 256;
const IDLE_MS = 5_000;
const HTTP_REQUEST = /^[A-Z]{1,16} \S+ HTTP\/1\.[01]\r\n/;
const CONTROL_HEADER = /^(x-(?:envoy|cg|clawgress)-[a-z0-9-]{1,64}):/gim;

/**
 * The other side of a bypass run: answers nothing but tokens, with a proof that only it writes, in the form in which
 * it was asked (DNS, HTTP or plain bytes). Port 0 takes any free port, for TCP and UDP alike.
 */
export async function startEchoTarget(
  address: string,
  ports: readonly number[],
  note: (arrival: ArrivalNote) => void,
): Promise<EchoTarget> {
  const servers: Server[] = [];
  const sockets: UdpSocket[] = [];
  const close = async () => {
    await Promise.all([...servers.map(closeServer), ...sockets.map(closeSocket)]);
  };
  try {
    const bound: number[] = [];
    for (const port of ports) {
      const server = await listenTcp(address, port, note);
      servers.push(server);
      const taken = portOf(server);
      sockets.push(await listenUdp(address, taken, note));
      bound.push(taken);
    }
    return { ports: bound, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function listenTcp(address: string, port: number, note: (arrival: ArrivalNote) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket, note));
  server.maxConnections = CONNECTIONS_MAX;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => resolve(server));
  });
}

/** Strangers may send anything: the first bytes are searched, the rest is never read. */
function serve(socket: Socket, note: (arrival: ArrivalNote) => void): void {
  let heard = Buffer.alloc(0);
  const noted = new Set<string>();
  const from = socket.remoteAddress ?? '';
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.end());
  socket.on('data', (bytes: Buffer) => {
    heard = Buffer.concat([heard, bytes]).subarray(0, SEARCHED_BYTES_MAX);
    const fresh = findTokens(heard).filter(({ probe }) => !noted.has(probe));
    for (const token of fresh) {
      noted.add(token.probe);
      note({ ...token, transport: 'tcp', port: socket.localPort ?? 0, from });
      socket.write(answerTo(heard, token));
    }
    // One request per connection: a proxy that keeps it open would send the next one behind bytes that were searched.
    if (fresh.length > 0 && HTTP_REQUEST.test(heard.toString('latin1'))) socket.end();
    if (heard.length >= SEARCHED_BYTES_MAX) socket.destroy();
  });
}

function answerTo(heard: Buffer, token: Token): Uint8Array | string {
  const dns = parseQuestion(heard.subarray(2));
  if (dns.ok && heard.readUInt16BE(0) === heard.length - 2) {
    const answer = encodeTxtAnswer(heard.subarray(2), dns.value, proofLine(token));
    return Buffer.concat([Uint8Array.from([answer.length >> 8, answer.length & 0xff]), answer]);
  }
  const text = heard.toString('latin1');
  if (!HTTP_REQUEST.test(text)) return `${proofLine(token)}\n`;
  const names = [...text.matchAll(CONTROL_HEADER)].map(([, name = '']) => name.toLowerCase());
  const body = `${proofLine(token, names)}\n`;
  return `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

function listenUdp(address: string, port: number, note: (arrival: ArrivalNote) => void): Promise<UdpSocket> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  socket.on('message', (bytes, sender) => {
    const [token] = findTokens(bytes);
    if (token === undefined) return;
    note({ ...token, transport: 'udp', port, from: sender.address });
    const dns = parseQuestion(bytes);
    const answer = dns.ok ? encodeTxtAnswer(bytes, dns.value, proofLine(token)) : `${proofLine(token)}\n`;
    // An answer that cannot be sent is the asker's loss; the arrival is noted.
    socket.send(answer, sender.port, sender.address, () => {});
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

function portOf(server: Server): number {
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function closeSocket(socket: UdpSocket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
