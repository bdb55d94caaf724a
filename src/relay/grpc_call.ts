import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionRequestOptions,
  connect as connectHttp2,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
  type ServerStreamResponseOptions,
} from 'node:http2';
import { connect } from 'node:net';
import type { RelayEndCause } from '../core/relay/relay_end.ts';
import type { Direction } from './meter.ts';
import { destinationHeaders, isInternal } from './out_headers.ts';
import type { RelayPlaces } from './ports.ts';
import type { Session } from './session.ts';

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_INTERNAL_ERROR, NGHTTP2_FLAG_END_STREAM } = constants;

/** gRPC status codes, with what a client is told. */
const CUT_STATUS: Partial<Record<RelayEndCause, readonly [code: string, message: string]>> = {
  stream_bytes: ['8', 'the byte limit of the rule that allowed this call is used up'],
  stream_time: ['4', 'the time limit of the rule that allowed this call is over'],
  stopped: ['14', 'the relay stops'],
};
const UNAVAILABLE = ['14', 'the way to the destination is closed'] as const;

/** After a call was cut: how long its last answer may take to leave. */
const LINGER_MS = 5_000;

/** Carries one call, its trailers and resets between Envoy and the destination, each side at its own pace. */
export class GrpcCall {
  readonly #session: Session;
  readonly #client: ServerHttp2Stream;
  readonly #hop: ClientHttp2Session;
  readonly #destination: ClientHttp2Stream;
  #trailers: IncomingHttpHeaders = {};
  #isOver = false;
  #isCut = false;

  constructor(
    places: RelayPlaces,
    session: Session,
    client: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    onOver: () => void,
  ) {
    this.#session = session;
    this.#client = client;
    // A connection of its own: no other call's slow reader can hold this one back.
    this.#hop = connectHttp2('http://relay', { createConnection: () => connect({ path: places.outSocket }) });
    this.#hop.on('error', () => undefined);
    this.#destination = ask(
      this.#hop,
      { ...passed(headers), ...destinationHeaders(places, session.order) },
      { endStream: client.readableEnded, waitForTrailers: true },
    );
    session.onCut((cause) => void this.#cut(cause));
    this.#answer();
    this.#carry('in', client, this.#destination);
    this.#carry('out', this.#destination, client);
    this.#watchEnds(onOver);
  }

  #answer(): void {
    const [client, destination] = [this.#client, this.#destination];
    destination.once('response', (headers, flags) => {
      if (client.closed || this.#isOver) return;
      const isAll = (flags & NGHTTP2_FLAG_END_STREAM) !== 0;
      const answer = (options: ServerStreamResponseOptions) =>
        this.#sendTo(client, () => client.respond(passed(headers), options));
      if (!isAll) return answer({ waitForTrailers: true });
      void this.#finish(() => answer({ endStream: true }));
    });
    destination.on('trailers', (trailers: IncomingHttpHeaders) => {
      this.#trailers = passed(trailers);
    });
    client.on('wantTrailers', () => {
      this.#sendTo(client, () => client.sendTrailers(this.#trailers));
      if (this.#isCut) this.#release();
    });
    let requestTrailers: IncomingHttpHeaders = {};
    client.on('trailers', (trailers: IncomingHttpHeaders) => {
      requestTrailers = passed(trailers);
    });
    destination.on('wantTrailers', () =>
      this.#sendTo(destination, () => destination.sendTrailers(requestTrailers)),
    );
  }

  /** What Node refuses to send is the end of this one call, not of the thread. */
  #sendTo(stream: ServerHttp2Stream | ClientHttp2Stream, send: () => void): void {
    try {
      send();
    } catch {
      stream.close(NGHTTP2_INTERNAL_ERROR);
    }
  }

  #carry(direction: Direction, from: ServerHttp2Stream | ClientHttp2Stream, to: typeof from): void {
    from.on('data', (chunk: Uint8Array) => {
      if (this.#isOver || to.closed) return;
      const granted = this.#session.meter.take(direction, chunk.length);
      const isTaking = granted === 0 || to.write(chunk.subarray(0, granted));
      if (granted < chunk.length) return void this.#cut('stream_bytes');
      if (isTaking) return;
      from.pause();
      to.once('drain', () => from.resume());
    });
    from.once('end', () => {
      if (direction === 'in' && !to.closed) to.end();
      // A stream that was reset ends, too, and is told by its close.
      else if (direction === 'out' && isWhole(from)) void this.#finish(() => to.end());
    });
  }

  #watchEnds(onOver: () => void): void {
    const [client, destination] = [this.#client, this.#destination];
    client.once('close', () => {
      if (!destination.closed) destination.close(isWhole(client) ? NGHTTP2_CANCEL : client.rstCode);
      void this.#session.end('done').then(() => {
        this.#hop.close();
        onOver();
      });
    });
    destination.once('error', () => undefined);
    destination.once('close', () => {
      // The destination did not say how the call ended.
      if (!destination.readableEnded || !isWhole(destination)) void this.#broken();
    });
  }

  /** The last of the answer goes on only when the end is reported. */
  async #finish(last: () => void): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#session.end('done');
    if (!this.#client.closed) last();
  }

  async #broken(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#session.end('done');
    const { rstCode } = this.#destination;
    if (this.#client.closed) return;
    if (!this.#client.headersSent && rstCode === NGHTTP2_INTERNAL_ERROR) this.#tell(UNAVAILABLE);
    else this.#client.close(rstCode === NGHTTP2_NO_ERROR ? NGHTTP2_INTERNAL_ERROR : rstCode);
  }

  async #cut(cause: RelayEndCause): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isCut = true;
    await this.#session.end(cause);
    this.#destination.close(NGHTTP2_CANCEL);
    if (this.#client.closed) return;
    this.#tell(CUT_STATUS[cause] ?? UNAVAILABLE);
    // Read on, so that the client's end is seen.
    this.#client.resume();
    setTimeout(() => this.#client.close(NGHTTP2_CANCEL), LINGER_MS).unref();
  }

  /** Ends the call with a status of ours, in trailers or as the whole answer. */
  #tell([code, message]: readonly [string, string]): void {
    const status = { 'grpc-status': code, 'grpc-message': message };
    this.#trailers = status;
    if (this.#client.headersSent) this.#client.end();
    else {
      this.#client.respond(
        { ':status': 200, 'content-type': 'application/grpc', ...status },
        { endStream: true },
      );
      this.#release();
    }
  }

  /** The answer is complete: the client need not send the rest of its request (RFC 9113 section 8.1). */
  #release(): void {
    setImmediate(() => this.#client.close(NGHTTP2_NO_ERROR));
  }
}

/** Throws on what Node does not send; nothing of the connection stays then. */
function ask(
  hop: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  options: ClientSessionRequestOptions,
): ClientHttp2Stream {
  try {
    return hop.request(headers, options);
  } catch (problem) {
    hop.destroy();
    throw problem;
  }
}

function isWhole({ rstCode }: ServerHttp2Stream | ClientHttp2Stream): boolean {
  return rstCode === NGHTTP2_NO_ERROR;
}

/** Of one hop alone: they must not be in HTTP/2. Node takes some of them in, and throws when it is to send them. */
const HOP_HEADERS: readonly string[] = [
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding'],
  ...['upgrade', 'http2-settings'],
];

function passed(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name, value]) =>
        !isInternal(name) && !HOP_HEADERS.includes(name) && (name !== 'te' || value === 'trailers'),
    ),
  );
}
