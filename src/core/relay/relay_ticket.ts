import { type Mac, type SealProblem, seal, unseal } from '../canonical/sealed_text.ts';
import { checkFields } from '../receipt/parse_record.ts';
import { type Covers, integer, oneOf, optional, required, UUID_V7, visibleAscii } from '../receipt/shape.ts';
import { fail, ok, type Result } from '../result.ts';

/** What an allowed WebSocket or gRPC call with caps shows to the relay, by way of Envoy. */
export interface RelayTicket {
  /** Of the decision. */
  readonly receipt_id: string;
  /** `tenant/agent`: whose streams these count as. */
  readonly owner: string;
  readonly scheme: 'http' | 'https';
  /** Bytes of both directions together. */
  readonly max_bytes?: number;
  readonly max_seconds?: number;
  readonly max_message_bytes?: number;
  readonly frames?: 'observe' | 'block';
  /** Milliseconds since 1970: it is shown before, or it is over. */
  readonly exp_ms: number;
}

export type RelayTicketProblem = SealProblem | 'EXPIRED';

/** How long Envoy has to bring it to the relay. */
export const RELAY_TICKET_MS = 60_000;
const LABEL = 'clawgress/relay-ticket/v1';
const OWNER_LENGTH_MAX = 129;

const FIELDS = {
  receipt_id: required('derived', UUID_V7),
  owner: required('derived', visibleAscii(OWNER_LENGTH_MAX)),
  scheme: required('observed', oneOf('http', 'https')),
  max_bytes: optional('derived', integer(1)),
  max_seconds: optional('derived', integer(1)),
  max_message_bytes: optional('derived', integer(1)),
  frames: optional('derived', oneOf('observe', 'block')),
  exp_ms: required('derived', integer()),
} satisfies Covers<RelayTicket>;

/** Text for one request header. Throws on members that no judged request has. */
export function encodeRelayTicket(ticket: RelayTicket, mac: Mac): string {
  const problem = checkFields(FIELDS, ticket);
  if (problem !== undefined) throw new Error(`invariant: a relay ticket with a bad member at ${problem.at}`);
  return seal(LABEL, ticket, mac);
}

/** Reads nothing of a text before its MAC is verified; good until its time is over. Never throws. */
export function openRelayTicket(
  text: string,
  mac: Mac,
  now_ms: number,
): Result<RelayTicket, RelayTicketProblem> {
  const json = unseal(LABEL, text, mac);
  if (!json.ok) return json;
  if (checkFields(FIELDS, json.value) !== undefined) return fail('MALFORMED');
  // The table is checked against the type by the compiler (`Covers`).
  const ticket = json.value as unknown as RelayTicket;
  return now_ms < ticket.exp_ms ? ok(ticket) : fail('EXPIRED');
}
