import { type ServerDuplexStream, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { bytesMethod } from '../bytes_method.ts';
import { asBuffer } from '../services.ts';
import { decodeAsk } from './codec.ts';
import { Conversation, type Shared } from './conversation.ts';
import { HeldLeaves } from './held_leaves.ts';
import type { SecretServiceOptions, SecretSource } from './ports.ts';

/** Streams at once; far more than leaves may be held, because Envoy closes streams of refused names late. */
const STREAMS_MAX = 8_192;
const SWEEP_MS = 15_000;

const SECRETS = {
  deltaSecrets: bytesMethod('/envoy.service.secret.v3.SecretDiscoveryService/DeltaSecrets', 'both_stream'),
};

type Stream = ServerDuplexStream<Buffer, Buffer>;

/** `server.addService(it.definition, it.handlers)`; `drain` before the server shuts down. */
export interface SecretService {
  readonly definition: typeof SECRETS;
  readonly handlers: UntypedServiceImplementation;
  /** Leaves that Envoys hold now. */
  held(): number;
  /** This leaf served something just now: it is forgotten last. `name` as in the client's greeting. */
  used(node: string, name: string): void;
  /** Asks again for every leaf that an Envoy holds: policy or authority have changed. Resolves when all are answered. */
  refresh(): Promise<void>;
  /** Ends all streams; later ones end at once. */
  drain(): void;
}

/** Delta SDS: certificates by name, on demand. Renews what is held in time, and when the source says so. */
export function secretService(source: SecretSource, options: SecretServiceOptions): SecretService {
  const nowMs = options.nowMs ?? Date.now;
  const held = new HeldLeaves<Conversation>(options.leafCacheMax);
  const shared: Shared = { source, held, events: options.events ?? {}, nowMs };
  const open = new Map<Stream, Conversation>();
  let draining = false;
  const renewAll = async (now_ms?: number): Promise<void> => {
    for (const conversation of [...open.values()]) await conversation.renew(now_ms);
  };
  source.onChange?.(() => void renewAll());
  let sweeping = false;
  const sweep = setInterval(() => {
    if (sweeping) return;
    sweeping = true;
    void renewAll(nowMs()).finally(() => {
      sweeping = false;
    });
  }, options.sweepMs ?? SWEEP_MS).unref();
  const converse = (stream: Stream): void => {
    if (draining || open.size >= STREAMS_MAX) {
      refuse(stream);
      return;
    }
    const conversation = new Conversation(shared, (bytes) => stream.write(asBuffer(bytes)));
    open.set(stream, conversation);
    listen(stream, conversation, () => {
      open.delete(stream);
      conversation.end();
    });
  };
  return {
    definition: SECRETS,
    handlers: { deltaSecrets: converse },
    held: () => held.count,
    used: (node, name) => held.used(node, name),
    refresh: () => renewAll(),
    drain() {
      draining = true;
      clearInterval(sweep);
      for (const stream of open.keys()) stream.end();
    },
  };
}

function listen(stream: Stream, conversation: Conversation, gone: () => void): void {
  stream.on('data', (bytes: Buffer) => {
    const ask = decodeAsk(bytes);
    // What is not about secrets is nobody's handshake.
    if (ask.ok && !conversation.hear(ask.value)) refuse(stream);
  });
  stream.once('end', () => stream.end());
  for (const event of ['end', 'cancelled', 'error', 'close']) stream.on(event, gone);
}

function refuse(stream: Stream): void {
  stream.emit('error', { code: status.RESOURCE_EXHAUSTED, details: 'no more streams are served' });
}
