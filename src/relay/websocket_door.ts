import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Doorkeeper, problemText, type Refusal } from './doorkeeper.ts';
import { earlyBytes } from './early_bytes.ts';
import { headerPairs, isInternal, TICKET_HEADER } from './out_headers.ts';
import { passAnswer } from './pass_answer.ts';
import type { RelayPlaces } from './ports.ts';
import type { Session } from './session.ts';
import { type Destination, HEADER_BYTES_MAX, openDestination } from './websocket_destination.ts';
import { WebSocketFlow } from './websocket_flow.ts';

const FORBIDDEN: Refusal = {
  status: 403,
  detail: 'This socket of the relay takes WebSocket upgrades alone.',
};
const FAILED: Destination = { kind: 'failed', drop: () => undefined };
const UNREACHABLE: Refusal = { status: 503, detail: 'The way from the relay to the destination is closed.' };

/** HTTP/1.1 server that takes upgrades to WebSockets and carries each to where its ticket says. Not yet listening. */
export function websocketDoor(places: RelayPlaces, doorkeeper: Doorkeeper): Server {
  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX, requireHostHeader: false });
  server.on('request', (request, response) => {
    request.resume();
    refuse(response, FORBIDDEN);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    // Each way out destroys the socket; an error only says that it is gone.
    socket.on('error', () => undefined);
    // What nobody foresaw is the trouble of this stream alone; thrown on, it would end the thread.
    open({ places, doorkeeper, request, socket, head }).catch(() => socket.destroy());
  });
  return server;
}

interface Upgrade {
  readonly places: RelayPlaces;
  readonly doorkeeper: Doorkeeper;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Uint8Array;
}

async function open({ places, doorkeeper, request, socket, head }: Upgrade): Promise<void> {
  const ticket = request.headers[TICKET_HEADER];
  const session = await doorkeeper.admit(typeof ticket === 'string' ? ticket : undefined, 'websocket');
  if ('status' in session) return refuse(answerOn(request, socket), session);
  const gone = new AbortController();
  const leave = (): void => doorkeeper.leave(session);
  const stopWaiting = earlyBytes(socket, head, () => gone.abort());
  session.onCut((cause) => void session.end(cause).then(() => socket.destroy()));
  const destination = await openDestination(places, session.order, request, gone.signal).catch(() => FAILED);
  const early = stopWaiting();
  if (socket.destroyed) {
    destination.drop();
    return void session.end('done').then(leave);
  }
  if (destination.kind === 'upgraded') {
    socket.write(switching(destination.answer, session), 'latin1');
    new WebSocketFlow(session, { socket, head: early }, destination, leave);
    return;
  }
  const response = answerOn(request, socket);
  socket.once('end', () => socket.destroy());
  socket.once('close', () => void session.end('done').then(leave));
  if (destination.kind === 'failed') await session.end('done').then(() => refuse(response, UNREACHABLE));
  else passAnswer(destination.answer, response, session);
}

/** The answer of the destination as it came, without what only the two hops say to each other. */
function switching({ rawHeaders, statusMessage }: IncomingMessage, { order }: Session): string {
  const kept = headerPairs(rawHeaders).filter(([name]) => {
    const isExtension = name.toLowerCase() === 'sec-websocket-extensions';
    return !isInternal(name) && !(isExtension && order.frames !== undefined);
  });
  const lines = kept.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 101 ${statusMessage ?? ''}\r\n${lines}\r\n`;
}

/** An ordinary answer to a request that asked for an upgrade. */
function answerOn(request: IncomingMessage, socket: Duplex): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.sendDate = false;
  // An upgraded socket is a net.Socket; the types only say that it is a stream.
  response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0]);
  response.once('finish', () => socket.end(() => socket.destroy()));
  socket.resume();
  return response;
}

function refuse(response: ServerResponse, refusal: Refusal): void {
  const body = problemText(refusal);
  response.writeHead(refusal.status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
