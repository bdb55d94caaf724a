import { rmSync } from 'node:fs';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { envoy } from '../../../../src/gen/envoy.js';
import type { TunnelAnswer } from '../../../../src/server/codec/answer.ts';
import { encodeAllow, encodeDenial } from '../../../../src/server/codec/check_response.ts';
import type { SecretSource } from '../../../../src/server/sds/ports.ts';
import { secretService } from '../../../../src/server/sds/service.ts';
import { AUTHORIZATION } from '../../../../src/server/services.ts';
import { heldOf, withHeld } from '../chosen_way.ts';
import { STAMP } from '../fake_authz.ts';
import { type Inspection, newInspection, PROCESS } from '../inspection/scripted.ts';

/** One Check as Envoy described it. */
export interface Seen {
  readonly receiptId: string;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly scheme: string;
  /** `ip:port`, IPv6 without brackets. */
  readonly source: string;
  readonly destination: string;
  readonly sni: string;
  /** Context extensions. */
  readonly listener: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly ticket: string;
}

export type Wish =
  | 'ok'
  | 'deny'
  | 'unstamped'
  | 'hang'
  | 'intercept'
  | 'passthrough'
  | 'raw'
  | 'unchosen'
  | 'inspect';

export interface Scripted {
  readonly seen: readonly Seen[];
  readonly inspection: Inspection;
  stop(): void;
}

/** A gateway that answers as `wish` says. */
export async function startScripted(
  socket: string,
  secrets: SecretSource,
  wish: (check: Seen) => Wish,
): Promise<Scripted> {
  const seen: Seen[] = [];
  const server = new Server();
  const inspection = newInspection(STAMP);
  server.addService(PROCESS, { Process: inspection.handler });
  const certificates = secretService(secrets, { leafCacheMax: 64 });
  server.addService(certificates.definition, certificates.handlers);
  server.addService(AUTHORIZATION, {
    check(
      call: { request: Buffer; metadata: { get(key: string): unknown[] } },
      reply: (error: null, answer: Buffer) => void,
    ) {
      const ticket = String(call.metadata.get('x-cg-tunnel')[0] ?? '');
      const check = read(call.request, `rid-${seen.length}`, ticket);
      seen.push(check);
      const answer = answerTo(check, wish(check));
      if (answer !== undefined) reply(null, Buffer.from(answer));
    },
  });
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    ),
  );
  return {
    ...{ seen, inspection },
    stop() {
      certificates.drain();
      server.forceShutdown();
      rmSync(socket, { force: true });
    },
  };
}

function read(bytes: Buffer, receiptId: string, ticket: string): Seen {
  const attributes = envoy.service.auth.v3.CheckRequest.decode(bytes).attributes ?? {};
  const place = (peer: typeof attributes.source): string =>
    `${peer?.address?.socketAddress?.address}:${peer?.address?.socketAddress?.portValue}`;
  const headers = Object.fromEntries(
    (attributes.request?.http?.headerMap?.headers ?? []).map(({ key, rawValue }) => [
      String(key),
      Buffer.from(rawValue ?? []).toString(),
    ]),
  );
  return {
    ...{ receiptId, ticket, headers },
    method: headers[':method'] ?? '',
    authority: headers[':authority'] ?? '',
    path: headers[':path'] ?? '',
    scheme: headers[':scheme'] ?? '',
    source: place(attributes.source),
    destination: place(attributes.destination),
    sni: attributes.tlsSession?.sni ?? '',
    listener: { ...attributes.contextExtensions },
  };
}

function answerTo(check: Seen, wish: Wish): Uint8Array | undefined {
  const receipt = { id: check.receiptId, leafHash: '00'.repeat(32) };
  const requestId = check.headers['x-request-id'] ?? '';
  if (wish === 'hang') return undefined;
  if (wish === 'deny')
    return encodeDenial({ reason: 'POLICY_NO_MATCH', mode: 'base_url', requestId, receipt });
  const tunnel = check.method === 'CONNECT' ? tunnelOf(check, wish) : undefined;
  const allow = encodeAllow({
    ...{ stamp: wish === 'unstamped' ? '' : STAMP, receipt, rewrite: {}, strip: [] },
    ...(tunnel === undefined ? {} : { tunnel }),
  });
  const held = heldOf(wish, STAMP, check.receiptId);
  return held === undefined ? allow : withHeld(allow, held);
}

function tunnelOf({ authority, receiptId }: Seen, wish: Wish): TunnelAnswer | undefined {
  if (wish === 'unchosen') return undefined;
  const mode = wish === 'intercept' || wish === 'passthrough' ? wish : 'raw';
  const colon = authority.lastIndexOf(':');
  const host = authority.slice(0, colon).replace(/[[\]]/g, '').toLowerCase();
  const ticket = mode === 'intercept' ? { ticket: `ticket.${receiptId}` } : {};
  return { mode, host, port: Number(authority.slice(colon + 1)), ...ticket };
}
