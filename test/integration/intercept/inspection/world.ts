import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { nonce } from '../client.ts';
import { type Gateway, startGateway, waitFor } from '../gateway.ts';
import { UPSTREAM } from '../upstream.ts';
import { type Arrival, type BodyUpstream, startBodyUpstream } from './body_upstream.ts';
import { type BodyAnswer, type BodyCall, call, callHttp2 } from './calls.ts';
import type { Script, Stream } from './scripted.ts';

export interface How extends Partial<Omit<BodyCall, 'leave' | 'pause'>> {
  /** HTTP/2 on both sides. */
  readonly http2?: boolean;
  readonly path?: string;
  readonly script?: Script;
  /** Goes on with the next piece, or with the end, when this is through; the argument names the request. */
  readonly pause?: (id: string) => Promise<unknown>;
  /** Leaves when the gateway knows of the request, without the end of the body. */
  readonly leave?: true;
}

const HEARS_WITHIN_MS = 500;

/** An inspected request, when its stream has ended. */
export interface Sent {
  readonly answer: BodyAnswer;
  readonly id: string;
  readonly stream: Stream;
  arrival(): Arrival;
  entry(): Promise<Record<string, unknown>>;
}

export interface InspectedWorld {
  readonly gateway: Gateway;
  readonly upstream: BodyUpstream;
  send(how: How): Promise<Sent>;
  /** When the gateway has answered the headers of this request, and Envoy had time to hear it. */
  answered(id: string): Promise<unknown>;
  close(): Promise<void>;
}

/** The real Envoy and a destination; every request is held until its body was read as `script` says. */
export async function startInspectedWorld(): Promise<InspectedWorld> {
  const gateway = await startGateway();
  const { inspection } = gateway.authz;
  const upstream = await startBodyUpstream((url, count) =>
    url.includes('/later-') ? answered(url, 2) : waitFor(() => isTold(url, count), 'an event'),
  );
  /** Whether so many pieces of the answer were told, or no more can be. */
  const isTold = (url: string, count: number): true | undefined => {
    const [stream] = inspection.streams(url);
    const pieces = stream?.told.filter(({ kind }) => kind === 'responseBody') ?? [];
    return pieces.length >= count || stream?.end !== undefined ? true : undefined;
  };
  const answered = async (id: string, count = 1): Promise<unknown> => {
    await waitFor(() => ((inspection.streams(id)[0]?.said ?? 0) >= count ? true : undefined), 'the answer');
    return sleep(HEARS_WITHIN_MS);
  };
  return {
    ...{ gateway, upstream, answered },
    async send({ http2, path = '/echo', script, headers = {}, pause, leave, ...rest }) {
      const id = nonce();
      if (script !== undefined) inspection.script(id, script);
      const host = `${UPSTREAM}:${http2 ? upstream.https : upstream.http}`;
      const target = http2 ? `${path}?${id}` : `http://${host}${path}?${id}`;
      const port = http2 ? gateway.baseUrl : gateway.explicit;
      const said = { 'x-clawgress-test': 'inspect', ...headers };
      const answer = await (http2 ? callHttp2 : call)({
        ...{ port, target, host, headers: said, ...rest },
        ...(pause === undefined ? {} : { pause: () => pause(id) }),
        ...(leave === undefined ? {} : { leave: () => answered(id) }),
      });
      const stream = await waitFor(() => inspection.streams(id)[0], 'the stream');
      await waitFor(() => stream.end, 'the end of the stream');
      return {
        ...{ answer, id, stream },
        arrival: () => upstream.arrivals(id)[0] ?? assert.fail('nothing arrived'),
        entry: () => gateway.logged((gateway.authz.checks(id)[0] ?? assert.fail('no Check')).requestId),
      };
    },
    async close() {
      await gateway.stop();
      await upstream.close();
    },
  };
}

/** What the gateway was told of, in order; with a dot where that was the end. */
export const kindsOf = ({ stream }: Sent): readonly string[] =>
  stream.told.map(({ kind, isEnd }) => (isEnd ? `${kind}.` : kind));

/** Of the problem that was answered. */
export function codeOf({ answer }: { readonly answer: BodyAnswer }): string {
  const { text, status, cut } = answer;
  if (!text.startsWith('{')) return `no problem, but ${status} with ${cut ? 'a cut' : 'an end'}: ${text}`;
  return (JSON.parse(text) as { code: string }).code;
}
