import {
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { NOT_SERVING, SERVING, type ServingStatus } from './services.ts';

/** Watch streams served at once; Envoy's health checker polls, so watchers are people with tools. */
export const WATCHERS_MAX = 64;

/** `grpc.health.v1`: one status for the whole server, whatever service is asked about. */
export class Health {
  #status: ServingStatus = NOT_SERVING;
  readonly #watchers = new Set<ServerWritableStream<string, number>>();

  /** Handlers by method name of the service definition. */
  readonly handlers = {
    check: (_call: ServerUnaryCall<string, number>, reply: sendUnaryData<number>) =>
      reply(null, this.#status),
    watch: (call: ServerWritableStream<string, number>) => this.#watch(call),
  } satisfies UntypedServiceImplementation;

  /** Starts as NOT_SERVING: the server says SERVING only once everything behind it is ready. */
  set(serving: boolean): void {
    this.#status = serving ? SERVING : NOT_SERVING;
    for (const watcher of this.#watchers) watcher.write(this.#status);
  }

  /** Ends all Watch streams: an open stream would hold the shutdown of its connection. */
  end(): void {
    for (const watcher of this.#watchers) watcher.end();
    this.#watchers.clear();
  }

  #watch(call: ServerWritableStream<string, number>): void {
    if (this.#watchers.size >= WATCHERS_MAX) {
      call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: 'too many watchers' });
      return;
    }
    this.#watchers.add(call);
    call.on('cancelled', () => this.#watchers.delete(call));
    call.write(this.#status);
  }
}
