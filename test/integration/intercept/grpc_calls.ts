import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';

export interface Outcome {
  /** 0 is OK. */
  readonly code: number;
  readonly details: string;
  readonly messages: readonly string[];
  readonly trailers: Readonly<Record<string, unknown>>;
}

const same = (value: Buffer): Buffer => value;

export interface CallOptions {
  readonly wish?: string;
  readonly deadlineMs?: number;
  /** Gives the call up then. */
  readonly cancelWhen?: () => Promise<unknown>;
  /** What else is sent, and when. */
  readonly more?: Promise<readonly string[]>;
}

/** One client of a channel; `call` sends these messages and waits for the end. */
export function grpcClient(address: string, credentials: ChannelCredentials, options: ChannelOptions) {
  const client = new Client(address, credentials, options);
  return {
    close: () => client.close(),
    call(
      path: string,
      sent: readonly string[],
      { wish = 'ok', deadlineMs = 60_000, cancelWhen, more }: CallOptions = {},
    ) {
      const metadata = new Metadata();
      metadata.set('x-clawgress-test', wish);
      const call = client.makeBidiStreamRequest(path, same, same, metadata, {
        deadline: Date.now() + deadlineMs,
      });
      const messages: string[] = [];
      return new Promise<Outcome>((resolve) => {
        call.on('data', (part: Buffer) => messages.push(part.toString()));
        call.on('error', (_error: ServiceError) => undefined);
        call.on('status', ({ code, details, metadata: trailers }) =>
          resolve({ code, details, messages, trailers: trailers.getMap() }),
        );
        for (const one of sent) call.write(Buffer.from(one));
        if (more === undefined) call.end();
        else
          void more
            .then((rest) => rest.forEach((one) => void call.write(Buffer.from(one))))
            .then(() => call.end());
        void cancelWhen?.().then(() => call.cancel());
      });
    },
  };
}
