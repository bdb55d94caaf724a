import { createSocket } from 'node:dgram';
import { connect, isIP, type Socket } from 'node:net';
import type { Place } from './places.ts';

/** How long one try may take. Whoever answers later is not waited for. */
export const TRY_MS = 2_000;
/** A gateway always answers; a busy one writes its receipt first. */
export const GATEWAY_TRY_MS = 10_000;
/** Inside a tunnel: Envoy hangs up a second after it has refused. Destinations that hang up by themselves take longer. */
export const TUNNEL_TRY_MS = 4_000;
/** Bytes that are read from anybody; what comes beyond is not looked at. */
export const HEARD_BYTES_MAX = 65_536;

/** What a try heard. */
export interface Heard {
  readonly connected: boolean;
  /** By step. */
  readonly bytes: readonly Uint8Array[];
  /** The other side ended or reset the connection. */
  readonly closed: boolean;
  /** The system's name of the error, before the connection stood. */
  readonly error?: string;
}

/** One side of a conversation: what is sent, and when the answer is complete. */
export interface Step {
  readonly send: Uint8Array | string;
  /** Looks at what was heard since `send`; true: go on with the next step, or end. */
  complete(bytes: Uint8Array): boolean;
}

/** A bounded conversation over TCP. Never rejects. */
export function talk(place: Place, steps: readonly Step[], timeoutMs = TRY_MS): Promise<Heard> {
  return new Promise((resolve) => {
    const socket = connect({ host: place.host, port: place.port });
    const state = new Conversation(socket, steps);
    const done = (error?: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(state.heard(error));
    };
    const timer = setTimeout(() => done(), timeoutMs);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      state.closed = true;
      done(error.code ?? 'FAILED');
    });
    socket.on('connect', () => state.start());
    socket.on('data', (bytes: Buffer) => state.take(bytes) && done());
    socket.on('end', () => {
      state.closed = true;
      done();
    });
  });
}

class Conversation {
  closed = false;
  readonly #socket: Socket;
  readonly #steps: readonly Step[];
  readonly #bytes: Uint8Array[] = [];
  #connected = false;

  constructor(socket: Socket, steps: readonly Step[]) {
    this.#socket = socket;
    this.#steps = steps;
  }

  start(): void {
    this.#connected = true;
    this.#say();
  }

  /** True when there is nothing left to say or to hear. */
  take(bytes: Uint8Array): boolean {
    const at = this.#bytes.length - 1;
    const all = Buffer.concat([this.#bytes[at] ?? Buffer.alloc(0), bytes]).subarray(0, HEARD_BYTES_MAX);
    this.#bytes[at] = all;
    const isComplete = this.#steps[at]?.complete(all) === true;
    if (isComplete && at + 1 < this.#steps.length) this.#say();
    else if (isComplete) return true;
    return all.length >= HEARD_BYTES_MAX;
  }

  heard(error: string | undefined): Heard {
    const early = error !== undefined && !this.#connected;
    const { closed } = this;
    return { connected: this.#connected, bytes: this.#bytes, closed, ...(early ? { error } : {}) };
  }

  #say(): void {
    const step = this.#steps[this.#bytes.length];
    this.#bytes.push(Buffer.alloc(0));
    if (step !== undefined) this.#socket.write(step.send);
  }
}

/** One datagram and the first answer to it. `error` also for what the kernel refused to send. Never rejects. */
export function askUdp(place: Place, message: Uint8Array, timeoutMs = TRY_MS): Promise<Heard> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(place.host) === 6 ? 'udp6' : 'udp4');
    const done = (heard: Partial<Heard>) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      // A late error of a socket that nobody listens to would end the process.
      socket.on('error', () => {});
      socket.close();
      resolve({ connected: false, bytes: [], closed: false, ...heard });
    };
    const failed = (error: NodeJS.ErrnoException) => done({ error: error.code ?? 'FAILED' });
    const timer = setTimeout(() => done({}), timeoutMs);
    socket.on('error', failed);
    socket.on('message', (bytes) => done({ connected: true, bytes: [bytes.subarray(0, HEARD_BYTES_MAX)] }));
    socket.connect(place.port, place.host, (error?: Error) => {
      if (error !== undefined && error !== null) return failed(error);
      socket.send(message, (problem) => {
        if (problem !== null) failed(problem);
      });
    });
  });
}

/** Asks the kernel for a way to an address, which sends nothing. The error's name when there is none. */
export function routeProblem(place: Place): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(place.host) === 6 ? 'udp6' : 'udp4');
    const done = (code?: string) => {
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      resolve(code);
    };
    socket.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'FAILED'));
    socket.connect(place.port, place.host, (error?: NodeJS.ErrnoException | null) =>
      done(error === undefined || error === null ? undefined : (error.code ?? 'FAILED')),
    );
  });
}
