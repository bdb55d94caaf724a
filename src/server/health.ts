import {
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { type HealthQuery, type HealthStatus, NOT_SERVING, SERVING } from './services.ts';

/** Watch streams served at once; Envoy's health checker polls, so watchers are people with tools. */
export const WATCHERS_MAX = 64;

type Watcher = ServerWritableStream<HealthQuery, HealthStatus>;

/** `grpc.health.v1`: one status for the whole server, whatever service is asked about. */
export class Health {
  #current: HealthStatus = { status: NOT_SERVING };
  readonly #watchers = new Set<Watcher>();

  /** Handlers by method name of the service definition. */
  readonly handlers = {
    check: (_call: ServerUnaryCall<HealthQuery, HealthStatus>, reply: sendUnaryData<HealthStatus>) =>
      reply(null, this.#current),
    watch: (call: Watcher) => this.#watch(call),
  } satisfies UntypedServiceImplementation;

  /** Starts as NOT_SERVING: the server says SERVING only once everything behind it is ready. */
  set(serving: boolean): void {
    this.#current = { status: serving ? SERVING : NOT_SERVING };
    for (const watcher of this.#watchers) watcher.write(this.#current);
  }

  /** Ends all Watch streams: an open stream would hold the shutdown of its connection. */
  end(): void {
    for (const watcher of this.#watchers) watcher.end();
    this.#watchers.clear();
  }

  #watch(call: Watcher): void {
    if (this.#watchers.size >= WATCHERS_MAX) {
      call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: 'too many watchers' });
      return;
    }
    this.#watchers.add(call);
    call.on('cancelled', () => this.#watchers.delete(call));
    call.write(this.#current);
  }
}
