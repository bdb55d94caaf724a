import { rmSync } from 'node:fs';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { TunnelMode } from '../../../src/core/request/egress_request.ts';
import { envoy } from '../../../src/gen/envoy.js';
import type { TunnelAnswer } from '../../../src/server/codec/answer.ts';
import { decodeCheck } from '../../../src/server/codec/check_request.ts';
import { encodeAllow, encodeDenial } from '../../../src/server/codec/check_response.ts';
import type { SecretSource } from '../../../src/server/sds/ports.ts';
import { type SecretService, secretService } from '../../../src/server/sds/service.ts';
import { AUTHORIZATION, HEALTH, SERVING } from '../../../src/server/services.ts';
import { grpcDenial, heldOf, wayOf, withHeld, withWay } from './chosen_way.ts';
import { type Inspection, newInspection, PROCESS } from './inspection/scripted.ts';

export const STAMP = 'a1b2c3d4e5f60718';

const INSPECTED_MESSAGE_MAX_BYTES = 33_554_432;

export interface SeenCheck {
  readonly receiptId: string;
  readonly requestId: string;
  readonly mode: string;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly scheme: string;
  readonly transport: string;
  /** `ip:port`. */
  readonly source: string;
  readonly sni: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly names: readonly string[];
}

export interface FakeAuthz {
  checks(nonce: string): readonly SeenCheck[];
  readonly inspection: Inspection;
  stop(): void;
}

/**
 * `x-clawgress-test` says how to answer: ok (default), deny, unstamped, misstamped, hang; and for CONNECT also which
 * tunnel opens: raw (default), intercept, passthrough, unchosen, no-ticket, no-host; for other requests also which way:
 * websocket, relay_websocket, relay_http, no-such-way; or inspect and what goes wrong with it; or deny-grpc.
 */
export async function startAuthz(socket: string, secrets?: SecretSource): Promise<FakeAuthz> {
  rmSync(socket, { force: true });
  const seen: SeenCheck[] = [];
  const server = new Server({ 'grpc.max_receive_message_length': INSPECTED_MESSAGE_MAX_BYTES });
  const inspection = newInspection(STAMP);
  server.addService(PROCESS, { Process: inspection.handler });
  const certificates: SecretService | undefined =
    secrets === undefined ? undefined : secretService(secrets, { leafCacheMax: 64 });
  if (certificates !== undefined) server.addService(certificates.definition, certificates.handlers);
  server.addService(AUTHORIZATION, {
    check(
      call: { request: Buffer; metadata: { getMap(): Record<string, unknown> } },
      reply: (e: null, b: Buffer) => void,
    ) {
      const answer = judge(seen, call.request, call.metadata.getMap());
      if (answer !== undefined) reply(null, Buffer.from(answer));
    },
  });
  server.addService(
    { check: HEALTH.check },
    { check: (_call: unknown, reply: (e: null, status: object) => void) => reply(null, { status: SERVING }) },
  );
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    ),
  );
  return {
    inspection,
    checks: (nonce) => seen.filter((check) => `${check.authority}${check.path}`.includes(nonce)),
    stop: () => {
      certificates?.drain();
      server.forceShutdown();
      rmSync(socket, { force: true });
    },
  };
}

function judge(seen: SeenCheck[], bytes: Buffer, metadata: Record<string, unknown>): Uint8Array | undefined {
  const check = decodeCheck(bytes);
  if (!check.ok) throw new Error(`the gateway cannot read this Check: ${check.problem}`);
  const { raw, requestId, source, sni } = check.value;
  const receiptId = `rid-${seen.length}`;
  const receipt = { id: receiptId, leafHash: '00'.repeat(32) };
  const transport = String(
    envoy.service.auth.v3.CheckRequest.decode(bytes).attributes?.contextExtensions?.['transport'],
  );
  const names = raw.headers.map((header) => header.name);
  seen.push({ ...raw, receiptId, requestId, transport, metadata, names, source, sni });
  const wish = raw.headers.find((header) => header.name === 'x-clawgress-test')?.value ?? 'ok';
  if (wish === 'hang') return undefined;
  if (wish === 'deny') return encodeDenial({ reason: 'POLICY_NO_MATCH', mode: raw.mode, requestId, receipt });
  if (wish === 'deny-grpc') return grpcDenial(429, 8, `RATE_LIMITED: 100% too many; receipt ${receiptId}`);
  const stamp = wish === 'unstamped' ? '' : wish === 'misstamped' ? `${STAMP}0` : STAMP;
  const tunnel = raw.method === 'CONNECT' ? tunnelOf(wish, raw.authority, receiptId) : undefined;
  const allow = encodeAllow({
    ...{ stamp, receipt, rewrite: rewriteOf(raw.path), strip: [] },
    ...(tunnel === undefined ? {} : { tunnel }),
  });
  const held = heldOf(wish, STAMP, receiptId);
  if (held !== undefined) return withHeld(allow, held);
  const way = wayOf(wish);
  return way === undefined ? allow : withWay(allow, way, `ticket.${receiptId}`);
}

const WISHES: Readonly<Record<string, TunnelMode>> = {
  intercept: 'intercept',
  'no-ticket': 'intercept',
  passthrough: 'passthrough',
  'no-host': 'passthrough',
};

function tunnelOf(wish: string, authority: string, receiptId: string): TunnelAnswer | undefined {
  if (wish === 'unchosen') return undefined;
  const mode = WISHES[wish] ?? 'raw';
  const colon = authority.lastIndexOf(':');
  const host = wish === 'no-host' ? '' : authority.slice(0, colon).toLowerCase().replace(/[[\]]/g, '');
  return {
    ...{ mode, host, port: Number(authority.slice(colon + 1)) },
    ...(wish === 'intercept' ? { ticket: `ticket.${receiptId}.${authority}` } : {}),
  };
}

function rewriteOf(path: string): { authority?: string; path?: string } {
  const match = /^\/_to\/([^/]+)(\/.*)$/.exec(path);
  return match?.[1] === undefined || match[2] === undefined ? {} : { authority: match[1], path: match[2] };
}
