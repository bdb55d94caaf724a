import type { Socket } from 'node:net';
import { encodeFrame, type Frame, FrameReader } from './frame.ts';
import { HostileFrame, peerStatus, perform } from './operations.ts';
import { ANSWER, ASK, encodeBody, FAULT_KIND, PROTOCOL, parseBody } from './protocol.ts';
import type { Peer, RecorderService, ServiceLog } from './service.ts';
import { type Fault, faultText, HELLO, type Hello } from './tables.ts';
import { TurnWrites } from './turn_writes.ts';

/** Requests of one connection that wait for the recorder; beyond, its bytes stay in the kernel. */
export const IN_FLIGHT_MAX = 1_024;
/** … and what their bodies may hold together. */
export const IN_FLIGHT_BYTES_MAX = 4 * 1_048_576;
/** Answers that a peer has not fetched; beyond, it is cut off. */
export const UNSENT_BYTES_MAX = 8 * 1_048_576;
export const HELLO_TIMEOUT_MS = 5_000;
/** A gateway asks for the status every second; one that is silent for so long is gone. */
export const SILENCE_MS = 30_000;
/** A peer that is told goodbye may take so long to read it. */
export const GOODBYE_MS = 1_000;

/** One gateway's connection, seen from the recorder. Whatever it sends harms nobody else. */
export class Conversation {
  readonly #socket: Socket;
  readonly #service: RecorderService;
  readonly #peer: Peer;
  readonly #log: ServiceLog;
  readonly #reader = new FrameReader();
  readonly #helloTimer: NodeJS.Timeout;
  /** Set by hello; without it nothing else is served. */
  #gatewayId: string | undefined;
  /** The hello is being looked at: what follows it waits. */
  #greeting = false;
  #inFlight = 0;
  #inFlightBytes = 0;
  /** Nothing more is heard or said. */
  #ended = false;
  readonly #writes: TurnWrites;

  constructor(socket: Socket, service: RecorderService, peer: Peer, log: ServiceLog) {
    this.#socket = socket;
    this.#writes = new TurnWrites(socket);
    this.#service = service;
    this.#peer = peer;
    this.#log = log;
    this.#helloTimer = setTimeout(() => this.#end('HELLO', 'no hello came'), HELLO_TIMEOUT_MS);
    socket.setTimeout(SILENCE_MS, () => this.#end('HELLO', 'silent for too long'));
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    // A broken connection needs no more than its end; requests of it that are under way keep running to their records.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#ended = true;
      clearTimeout(this.#helloTimer);
    });
  }

  #received(chunk: Buffer): void {
    if (this.#ended) return;
    if (Date.now() >= (this.#peer.expires_ms ?? Number.POSITIVE_INFINITY)) {
      this.#end('NAME', 'the certificate of the gateway has expired');
      return;
    }
    this.#reader.push(chunk);
    this.#work();
  }

  /** Takes frames as long as there is room; then the peer has to wait. */
  #work(): void {
    while (!this.#ended && !this.#greeting && this.#hasRoom) {
      const next = this.#reader.next();
      if (!next.ok) {
        this.#end('FRAME', next.problem);
        return;
      }
      if (next.value === undefined) {
        this.#socket.resume();
        return;
      }
      this.#take(next.value);
    }
    if (!this.#ended) this.#socket.pause();
  }

  get #hasRoom(): boolean {
    return this.#inFlight < IN_FLIGHT_MAX && this.#inFlightBytes < IN_FLIGHT_BYTES_MAX;
  }

  #take(frame: Frame): void {
    if (frame.id === 0) {
      this.#end('FRAME', 'a request without an id');
    } else if (this.#gatewayId === undefined) {
      this.#greeting = true;
      this.#greet(frame).then(
        () => this.#greeted(),
        (error: unknown) => this.#end('HELLO', faultText(error)),
      );
    } else {
      const { length } = frame.body;
      this.#inFlight += 1;
      this.#inFlightBytes += length;
      void this.#serve(this.#gatewayId, frame).finally(() => {
        this.#inFlight -= 1;
        this.#inFlightBytes -= length;
        if (this.#socket.isPaused()) this.#work();
      });
    }
  }

  #greeted(): void {
    this.#greeting = false;
    this.#work();
  }

  async #greet(frame: Frame): Promise<void> {
    const hello = parseBody<Hello>(HELLO, frame.body);
    const fault =
      frame.kind === ASK.hello && hello.ok
        ? await this.#objection(hello.value)
        : ({ code: 'HELLO', message: 'a hello has to come first' } satisfies Fault);
    if (fault !== undefined || !hello.ok) {
      this.#end(fault?.code ?? 'HELLO', fault?.message ?? '');
      return;
    }
    const { gateway_id } = hello.value;
    clearTimeout(this.#helloTimer);
    this.#gatewayId = gateway_id;
    this.#log.info({ gateway_id, from: this.#peer.from }, 'a gateway connected');
    this.#send(ANSWER, frame.id, peerStatus(this.#service));
  }

  async #objection({ protocol, gateway_id, last_head }: Hello): Promise<Fault | undefined> {
    if (protocol !== PROTOCOL) {
      const message = `protocol ${protocol}; this recorder speaks ${PROTOCOL}: install the same version`;
      return { code: 'HELLO', message };
    }
    if (!isNamedBy(this.#peer, gateway_id)) {
      return { code: 'NAME', message: `gateway ${gateway_id} has a certificate of another name` };
    }
    if (last_head === undefined || (await this.#service.knows(last_head))) return undefined;
    const message = `the journal does not hold line ${last_head.seq}, which was answered before`;
    return { code: 'HEAD', message };
  }

  async #serve(gatewayId: string, frame: Frame): Promise<void> {
    try {
      this.#send(ANSWER, frame.id, await perform(this.#service, gatewayId, frame.kind, frame.body));
    } catch (error) {
      if (error instanceof HostileFrame || error instanceof RangeError) {
        this.#end('FRAME', faultText(error));
      } else if (this.#service.status().phase !== 'running') {
        // No word about what was asked: it is asked again, of the recorder that comes after us.
        this.#socket.destroy();
      } else {
        this.#send(FAULT_KIND, frame.id, { code: 'REFUSED', message: faultText(error) } satisfies Fault);
      }
    }
  }

  #send(kind: number, id: number, value: object): void {
    const body = encodeBody(value);
    const frame = body === undefined ? undefined : encodeFrame(kind, id, body);
    if (frame === undefined) throw new Error('invariant: an answer that does not fit a frame');
    if (this.#ended || this.#socket.destroyed) return;
    if (this.#socket.writableLength > UNSENT_BYTES_MAX) {
      this.#socket.destroy();
      return;
    }
    this.#writes.write(frame);
  }

  #end(code: Fault['code'], message: string): void {
    clearTimeout(this.#helloTimer);
    if (this.#ended) return;
    this.#ended = true;
    this.#log.warn({ code, cause: message, from: this.#peer.from }, 'a connection of the recorder was ended');
    const body = encodeBody({ code, message: faultText(new Error(message)) });
    const frame = body === undefined ? undefined : encodeFrame(FAULT_KIND, 0, body);
    if (frame !== undefined) this.#socket.write(frame);
    // Soon, that is when all is sent: a peer that reads nothing would stay for ever.
    this.#socket.destroySoon();
    setTimeout(() => this.#socket.destroy(), GOODBYE_MS).unref();
  }
}

/** Over mTLS a gateway is called like its certificate, with the number of its process behind. */
function isNamedBy(peer: Peer, gatewayId: string): boolean {
  if (peer.name === undefined) return true;
  return /^-[1-8]$/.test(gatewayId.slice(peer.name.length)) && gatewayId.startsWith(peer.name);
}
