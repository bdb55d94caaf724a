/** The same as stream_client.py, with undici's WebSocket and grpc-js. */
import { readFileSync } from 'node:fs';
import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import { ProxyAgent, WebSocket } from 'undici';

interface Asked {
  readonly kind: 'websocket' | 'grpc';
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ca: string;
  readonly many: boolean;
  readonly authority: string;
}
/** What became of one of them. */
export interface StreamSeen {
  open: boolean;
  /** Of HTTP or gRPC. */
  status: number;
  /** Of a refusal. */
  text: string;
  /** Payload bytes that came back. */
  got: number;
  /** The first answer. */
  echo: string;
}

const MESSAGE = 'x'.repeat(50);
const MANY_MAX = 200;
const WAIT_MS = 60_000;

function webSocket(asked: Asked, told: StreamSeen): Promise<void> {
  const proxy = process.env['https_proxy'];
  const dispatcher = proxy === undefined ? {} : { dispatcher: new ProxyAgent(proxyOf(new URL(proxy))) };
  const socket = new WebSocket(asked.url, { headers: asked.headers, ...dispatcher });
  const message = asked.many ? MESSAGE : 'hello';
  let left = asked.many ? MANY_MAX : 1;
  socket.addEventListener('open', () => {
    Object.assign(told, { open: true, status: 101 });
    socket.send(message);
  });
  socket.addEventListener('message', ({ data }) => {
    told.got += data.length;
    told.echo ||= data.slice(0, 5);
    left -= 1;
    if (left > 0) socket.send(message);
    else socket.close(1000);
  });
  // Which of the two a refused handshake is depends on how it was refused.
  return new Promise((resolve) => {
    socket.addEventListener('close', () => resolve());
    socket.addEventListener('error', () => resolve());
  });
}

function proxyOf({ username, password, origin }: URL): ProxyAgent.Options {
  const token = `Basic ${Buffer.from(`${username}:${decodeURIComponent(password)}`).toString('base64')}`;
  return { uri: origin, token, proxyTunnel: true };
}

function call(asked: Asked, told: StreamSeen): Promise<void> {
  const trust = asked.ca ? credentials.createSsl(readFileSync(asked.ca)) : credentials.createInsecure();
  const options = asked.authority ? { 'grpc.default_authority': asked.authority } : {};
  const client = new Client(asked.url, trust, options);
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(asked.headers)) metadata.set(name, value);
  const same = (value: Buffer): Buffer => value;
  const deadline = Date.now() + WAIT_MS;
  const opened = client.makeBidiStreamRequest(asked.path, same, same, metadata, { deadline });
  const message = Buffer.from(asked.many ? MESSAGE : 'hello');
  let left = asked.many ? MANY_MAX : 1;
  const next = (): void => {
    if (left > 0) opened.write(message);
    else opened.end();
    left -= 1;
  };
  opened.on('data', (answer: Buffer) => {
    told.open = true;
    told.got += answer.length;
    told.echo ||= answer.toString('latin1', 0, 5);
    next();
  });
  opened.on('error', () => undefined);
  next();
  return new Promise((resolve) => {
    opened.on('status', ({ code, details }: StatusObject) => {
      Object.assign(told, { status: code, text: details });
      client.close();
      resolve();
    });
  });
}

const all: StreamSeen[] = [];
for (const asked of JSON.parse(process.argv[2] ?? '[]') as Asked[]) {
  const told: StreamSeen = { open: false, status: 0, text: '', got: 0, echo: '' };
  await (asked.kind === 'grpc' ? call(asked, told) : webSocket(asked, told));
  all.push(told);
}
process.stdout.write(`${JSON.stringify(all)}\n`, () => process.exit(0));
