import assert from 'node:assert/strict';
import { nonce } from '../client.ts';
import { type Gateway, startGateway, waitFor } from '../gateway.ts';
import { UPSTREAM } from '../upstream.ts';
import { type Arrival, type BodyUpstream, startBodyUpstream } from './body_upstream.ts';
import { type BodyAnswer, type BodyCall, call, callHttp2 } from './calls.ts';
import type { Script, Stream } from './scripted.ts';

export interface How extends Partial<BodyCall> {
  /** HTTP/2 on both sides. */
  readonly http2?: boolean;
  readonly path?: string;
  readonly script?: Script;
}

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
  close(): Promise<void>;
}

/** The real Envoy and a destination; every request is held until its body was read as `script` says. */
export async function startInspectedWorld(): Promise<InspectedWorld> {
  const gateway = await startGateway();
  const upstream = await startBodyUpstream();
  return {
    ...{ gateway, upstream },
    async send({ http2, path = '/echo', script, headers = {}, ...rest }) {
      const id = nonce();
      const { inspection } = gateway.authz;
      if (script !== undefined) inspection.script(id, script);
      const host = `${UPSTREAM}:${http2 ? upstream.https : upstream.http}`;
      const target = http2 ? `${path}?${id}` : `http://${host}${path}?${id}`;
      const port = http2 ? gateway.baseUrl : gateway.explicit;
      const said = { 'x-clawgress-test': 'inspect', ...headers };
      const answer = await (http2 ? callHttp2 : call)({ port, target, host, headers: said, ...rest });
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
