import { timingSafeEqual } from 'node:crypto';
import { decodeBase64UrlStrict, encodeBase64Url } from '../core/canonical/base64.ts';
import { encodeJcs, parseCanonicalJson } from '../core/canonical/jcs.ts';
import { utf8Encode } from '../core/canonical/utf8.ts';
import { RECORD_CAPS } from '../core/receipt/common_fields.ts';
import { BINDING, RUN } from '../core/receipt/decision_fields.ts';
import { checkFields } from '../core/receipt/parse_record.ts';
import {
  type Covers,
  ID,
  integer,
  oneOf,
  optional,
  required,
  UUID_V7,
  visibleAscii,
} from '../core/receipt/shape.ts';
import { fail, ok, type Result } from '../core/result.ts';
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

/** Hex MAC of a text under a key of this host; the label separates its uses. */
export type Mac = (label: string, text: string) => string;

export type TicketProblem = 'TICKET_MALFORMED' | 'TICKET_FORGED' | 'TICKET_FOREIGN' | 'TICKET_EXPIRED';

/** Where and when a ticket is shown. */
export interface Showing {
  readonly node: string;
  readonly epoch: string;
  readonly now_ms: number;
}

export const TICKET_LENGTH_MAX = 8_192;
const LABEL = 'clawgress/tunnel-ticket/v1';
const TICKET = /^([A-Za-z0-9_-]{1,8127})\.([0-9a-f]{64})$/;
const AUTHORITY_LENGTH_MAX = 261;

const FIELDS = {
  receipt_id: required('derived', UUID_V7),
  tenant_id: required('derived', ID),
  agent_id: required('derived', ID),
  binding: required('derived', BINDING),
  credential_transport: required('observed', oneOf('loopback', 'tls', 'plaintext')),
  run: optional('asserted_by_client', RUN),
  authority: required('observed', visibleAscii(AUTHORITY_LENGTH_MAX)),
  node: required('observed', visibleAscii(RECORD_CAPS.wire_id_length)),
  epoch: required('observed', visibleAscii(RECORD_CAPS.wire_id_length)),
  exp_ms: required('derived', integer()),
} satisfies Covers<TunnelTicket>;

/** `<base64url of canonical JSON>.<hex MAC>`: ASCII, for a header of a call. Throws on what no receipt could hold either. */
export function encodeTicket(ticket: TunnelTicket, mac: Mac): string {
  const problem = checkFields(FIELDS, ticket);
  if (problem !== undefined) throw new Error(`invariant: a tunnel ticket with a bad member at ${problem.at}`);
  const body = encodeBase64Url(utf8Encode(encodeJcs(ticket)));
  const text = `${body}.${mac(LABEL, body)}`;
  if (text.length > TICKET_LENGTH_MAX) throw new Error('invariant: a tunnel ticket is too long');
  return text;
}

/** Reads nothing of a text before its MAC is verified. Never throws. */
export function openTicket(text: string, mac: Mac, showing: Showing): Result<TunnelTicket, TicketProblem> {
  if (text.length > TICKET_LENGTH_MAX) return fail('TICKET_MALFORMED');
  const [, body, tag] = TICKET.exec(text) ?? [];
  if (body === undefined || tag === undefined) return fail('TICKET_MALFORMED');
  if (!sameText(tag, mac(LABEL, body))) return fail('TICKET_FORGED');
  const ticket = read(body);
  if (ticket === undefined) return fail('TICKET_MALFORMED');
  // Another Envoy, or another life of this one, has no tunnel that this could belong to.
  if (ticket.node !== showing.node || ticket.epoch !== showing.epoch) return fail('TICKET_FOREIGN');
  return showing.now_ms < ticket.exp_ms ? ok(ticket) : fail('TICKET_EXPIRED');
}

function read(body: string): TunnelTicket | undefined {
  const bytes = decodeBase64UrlStrict(body);
  const json = bytes.ok ? parseCanonicalJson(bytes.value) : bytes;
  if (!json.ok || checkFields(FIELDS, json.value) !== undefined) return undefined;
  // The table is checked against the type by the compiler (`Covers`).
  return json.value as unknown as TunnelTicket;
}

/** In a time that says nothing about where two texts differ. */
function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')];
  return left.length === right.length && timingSafeEqual(left, right);
}
