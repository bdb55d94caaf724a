import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { type Doorkeeper, problemText, type Refusal } from './doorkeeper.ts';
import { GrpcCall } from './grpc_call.ts';
import { TICKET_HEADER } from './out_headers.ts';
import type { RelayPlaces } from './ports.ts';

/** Calls of one connection of Envoy at a time. */
const STREAMS_MAX = 1_024;

/** HTTP/2 server that takes gRPC calls and carries each to where its ticket says. Not yet listening. */
export function grpcDoor(places: RelayPlaces, doorkeeper: Doorkeeper): Http2Server {
  const server = createServer({ settings: { maxConcurrentStreams: STREAMS_MAX, enablePush: false } });
  server.on('sessionError', () => undefined);
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    // A broken stream also closes, and that is what counts.
    stream.on('error', () => undefined);
    void open(places, doorkeeper, stream, headers);
  });
  return server;
}

async function open(
  places: RelayPlaces,
  doorkeeper: Doorkeeper,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const ticket = headers[TICKET_HEADER];
  const session = await doorkeeper.admit(typeof ticket === 'string' ? ticket : undefined, 'grpc');
  if ('status' in session) return refuse(stream, session);
  const leave = (): void => doorkeeper.leave(session);
  try {
    new GrpcCall(places, session, stream, headers, leave);
  } catch {
    // A request that cannot be sent on is the trouble of this call alone; thrown on, it would end the thread.
    await session.end('done').then(leave);
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}

function refuse(stream: ServerHttp2Stream, refusal: Refusal): void {
  if (stream.closed || stream.destroyed) return;
  stream.respond({ ':status': refusal.status, 'content-type': 'application/problem+json' });
  stream.end(problemText(refusal));
}
