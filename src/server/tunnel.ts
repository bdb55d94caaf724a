import { formatAuthority } from '../core/request/host.ts';
import { fail } from '../core/result.ts';
import type { TunnelAnswer } from './codec/answer.ts';
import type { DecodedCheck } from './codec/check_request.ts';
import type { CheckDependencies } from './dependencies.ts';
import type { Judged } from './judging.ts';
import type { Call } from './propose.ts';
import {
  encodeTicket,
  type OpenedTicket,
  openTicket,
  type TicketProblem,
  type TunnelTicket,
} from './tunnel_ticket.ts';

/**
 * How long requests inside are still accepted. Envoy counts its own maximum of an intercepted tunnel, an hour, from an
 * earlier moment on: the tunnel always ends first.
 */
export const TICKET_MS = 3_600_000;
/** No scheme has it: the port is always written. */
const NO_PORT = 0;

/** The tunnel around a request: opened with the ticket that came along, or why there is none. */
export type Passage =
  | Extract<OpenedTicket, { ok: true }>
  | { readonly ok: false; readonly problem: TicketProblem | 'TICKET_MISSING'; readonly over?: TunnelTicket };

/** The tunnel that a request came through, as far as a seal of ours says so; it may have ended. */
export function tunnelOf(passage: Passage | undefined): TunnelTicket | undefined {
  return passage?.ok === true ? passage.value : passage?.over;
}

/** The call as judged. Outside of intercepted tunnels a ticket means nothing, whoever sends one. */
export function enterTunnel(
  deps: Pick<CheckDependencies, 'mac' | 'clock' | 'intercepted'>,
  check: DecodedCheck,
  { node, epoch, ticket }: { readonly node: string; readonly epoch: string; readonly ticket?: string },
): Pick<Call, 'check' | 'passage'> {
  if (check.raw.mode !== 'intercepted') {
    if (check.sni !== undefined) deps.intercepted?.(node, check.sni);
    return { check };
  }
  const showing = { node, epoch, now_ms: deps.clock.nowMs() };
  const passage: Passage =
    ticket === undefined ? fail('TICKET_MISSING') : openTicket(ticket, deps.mac, showing);
  if (passage.ok && check.sni !== undefined) deps.intercepted?.(node, check.sni);
  const authority = tunnelOf(passage)?.authority ?? '';
  const tunnel = { authority, ...(check.sni === undefined ? {} : { sni: check.sni }) };
  return { check: { ...check, raw: { ...check.raw, tunnel } }, passage };
}

/** How Envoy opens the tunnel of an allowed CONNECT; undefined for any other request. */
export function tunnelAnswer(
  deps: Pick<CheckDependencies, 'mac' | 'clock'>,
  call: Call,
  { verdict, identity: fact }: Pick<Judged, 'verdict' | 'identity'>,
  receipt_id: string,
): TunnelAnswer | undefined {
  const { tunnel: mode } = verdict;
  if (mode === undefined || !call.request.ok || !fact.ok) return undefined;
  const { request } = call.request.value;
  const { host, port } = request;
  if (mode !== 'intercept') return { mode, host, port };
  const { tenant_id, agent_id, binding, credential_transport, run } = fact.principal;
  const ticket = encodeTicket(
    {
      ...{ receipt_id, tenant_id, agent_id, binding, credential_transport },
      ...(run === undefined ? {} : { run }),
      ...(fact.degraded === undefined ? {} : { degraded: fact.degraded }),
      authority: formatAuthority(request, port, NO_PORT),
      node: call.node,
      epoch: call.epoch,
      exp_ms: endOf(fact, deps.clock.nowMs()),
    },
    deps.mac,
  );
  return { mode, host, port, ticket };
}

/** A token that ends sooner ends the tunnel's requests with it. */
function endOf({ expires_ms = Number.POSITIVE_INFINITY }: { expires_ms?: number }, now_ms: number): number {
  return Math.floor(Math.min(now_ms + TICKET_MS, expires_ms));
}
