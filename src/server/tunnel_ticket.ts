import { type Mac, SEALED_LENGTH_MAX, seal, unseal } from '../core/canonical/sealed_text.ts';
import { RECORD_CAPS } from '../core/receipt/common_fields.ts';
import { BINDING, RUN } from '../core/receipt/decision_fields.ts';
import { checkFields } from '../core/receipt/parse_record.ts';
import {
  type Covers,
  ID,
  integer,
  list,
  oneOf,
  optional,
  required,
  UUID_V7,
  visibleAscii,
} from '../core/receipt/shape.ts';
import { fail, ok } from '../core/result.ts';
import type { TunnelOwner } from './ports.ts';

/** What an allowed CONNECT hands to the requests inside its tunnel, by way of Envoy. */
export interface TunnelTicket extends TunnelOwner {
  /** Of the CONNECT's decision. */
  readonly receipt_id: string;
  /** Canonical `host:port`. */
  readonly authority: string;
  /** The Envoy that opened the tunnel, and its life. */
  readonly node: string;
  readonly epoch: string;
  /** Milliseconds since 1970; from then on the tunnel is over. */
  readonly exp_ms: number;
}

export type TicketProblem = 'TICKET_MALFORMED' | 'TICKET_FORGED' | 'TICKET_FOREIGN' | 'TICKET_EXPIRED';

/** `over`: what a ticket said that was good until its time ended. */
export type OpenedTicket =
  | { readonly ok: true; readonly value: TunnelTicket }
  | { readonly ok: false; readonly problem: TicketProblem; readonly over?: TunnelTicket };

/** Where and when a ticket is shown. */
export interface Showing {
  readonly node: string;
  readonly epoch: string;
  readonly now_ms: number;
}

export const TICKET_LENGTH_MAX = SEALED_LENGTH_MAX;
const LABEL = 'clawgress/tunnel-ticket/v1';
const AUTHORITY_LENGTH_MAX = 261;
const DEGRADATIONS_MAX = 4;

const FIELDS = {
  receipt_id: required('derived', UUID_V7),
  tenant_id: required('derived', ID),
  agent_id: required('derived', ID),
  binding: required('derived', BINDING),
  credential_transport: required('observed', oneOf('loopback', 'tls', 'plaintext')),
  run: optional('asserted_by_client', RUN),
  degraded: optional('derived', list(oneOf('identity_freshness'), DEGRADATIONS_MAX)),
  authority: required('observed', visibleAscii(AUTHORITY_LENGTH_MAX)),
  node: required('observed', visibleAscii(RECORD_CAPS.wire_id_length)),
  epoch: required('observed', visibleAscii(RECORD_CAPS.wire_id_length)),
  exp_ms: required('derived', integer()),
} satisfies Covers<TunnelTicket>;

/** `<base64url of canonical JSON>.<hex MAC>`: ASCII, for a header of a call. Throws on what no receipt could hold either. */
export function encodeTicket(ticket: TunnelTicket, mac: Mac): string {
  const problem = checkFields(FIELDS, ticket);
  if (problem !== undefined) throw new Error(`invariant: a tunnel ticket with a bad member at ${problem.at}`);
  return seal(LABEL, ticket, mac);
}

/** Reads nothing of a text before its MAC is verified. Never throws. */
export function openTicket(text: string, mac: Mac, showing: Showing): OpenedTicket {
  const json = unseal(LABEL, text, mac);
  if (!json.ok) return fail<TicketProblem>(`TICKET_${json.problem}`);
  if (checkFields(FIELDS, json.value) !== undefined) return fail('TICKET_MALFORMED');
  // The table is checked against the type by the compiler (`Covers`).
  const ticket = json.value as unknown as TunnelTicket;
  // Another Envoy, or another life of this one, has no tunnel that this could belong to.
  if (ticket.node !== showing.node || ticket.epoch !== showing.epoch) return fail('TICKET_FOREIGN');
  if (showing.now_ms < ticket.exp_ms) return ok(ticket);
  return { ok: false, problem: 'TICKET_EXPIRED', over: ticket };
}
