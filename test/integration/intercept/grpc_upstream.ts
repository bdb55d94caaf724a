import { Metadata, Server, ServerCredentials, type ServiceDefinition, status } from '@grpc/grpc-js';
import type { Issued } from '../../support/pki.ts';
import { UPSTREAM } from './upstream.ts';

const bytes = (value: Buffer): Buffer => value;
const codec = {
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
};
/** Paths by kind of call. Every answer has the trailer `x-late: yes`. */
export const CALLS = {
  /** Gives back what it got. */
  unary: '/test.Echo/Unary',
  /** Ends with NOT_FOUND and a message. */
  fail: '/test.Echo/Fail',
  /** Never answers. */
  hang: '/test.Echo/Hang',
  /** Says how many messages came. */
  collect: '/test.Echo/Collect',
  /** 100 messages. */
  spread: '/test.Echo/Spread',
  /** Gives each message back. */
  chat: '/test.Echo/Chat',
} as const;
const kind = (path: string, requestStream: boolean, responseStream: boolean) => ({
  ...{ path, requestStream, responseStream },
  ...codec,
});
const SERVICE: ServiceDefinition = {
  unary: kind(CALLS.unary, false, false),
  fail: kind(CALLS.fail, false, false),
  hang: kind(CALLS.hang, false, false),
  collect: kind(CALLS.collect, true, false),
  spread: kind(CALLS.spread, false, true),
  chat: kind(CALLS.chat, true, true),
};

export interface GrpcUpstream {
  /** HTTP/2 without TLS. */
  readonly plain: number;
  readonly tls: number;
  /** Headers of calls that came, in order. */
  readonly calls: readonly Readonly<Record<string, string>>[];
  /** Hanging calls that the client gave up. */
  cancelled(): number;
  close(): void;
}

type Reply = (error: object | null, value?: Buffer, trailer?: Metadata) => void;
interface Call {
  readonly request: Buffer;
  readonly metadata: Metadata;
  on(event: string, listener: (part: Buffer) => void): unknown;
  write(part: Buffer): unknown;
  end(trailer: Metadata): void;
}

export async function startGrpcUpstream(leaf: Issued): Promise<GrpcUpstream> {
  const calls: Record<string, string>[] = [];
  let cancelled = 0;
  const late = new Metadata();
  late.set('x-late', 'yes');
  late.set('x-clawgress-late', 'forged');
  const seen = (call: Call): void => {
    calls.push(Object.fromEntries(Object.entries(call.metadata.getMap()).map(([k, v]) => [k, String(v)])));
  };
  const handlers = {
    unary(call: Call, reply: Reply) {
      seen(call);
      reply(null, call.request, late);
    },
    fail(call: Call, reply: Reply) {
      seen(call);
      reply({ code: status.NOT_FOUND, details: 'nothing like it', metadata: late });
    },
    hang(call: Call) {
      seen(call);
      call.on('cancelled', () => {
        cancelled += 1;
      });
    },
    collect(call: Call, reply: Reply) {
      seen(call);
      let count = 0;
      call.on('data', () => {
        count += 1;
      });
      call.on('end', () => reply(null, Buffer.from(String(count)), late));
    },
    spread(call: Call) {
      seen(call);
      for (let i = 0; i < 100; i++) call.write(Buffer.from(`${i}`));
      call.end(late);
    },
    chat(call: Call) {
      seen(call);
      call.on('data', (part) => call.write(part));
      call.on('end', () => call.end(late));
    },
  };
  const pair = { private_key: Buffer.from(leaf.key), cert_chain: Buffer.from(leaf.cert) };
  const servers: Server[] = [];
  const listen = (credentials: ServerCredentials): Promise<number> => {
    const server = new Server();
    server.addService(SERVICE, handlers as never);
    servers.push(server);
    return new Promise((resolve, reject) =>
      server.bindAsync(`${UPSTREAM}:0`, credentials, (error, port) =>
        error ? reject(error) : resolve(port),
      ),
    );
  };
  return {
    plain: await listen(ServerCredentials.createInsecure()),
    tls: await listen(ServerCredentials.createSsl(null, [pair])),
    calls,
    cancelled: () => cancelled,
    close: () => {
      for (const server of servers) server.forceShutdown();
    },
  };
}
