import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Mac } from '../../core/canonical/sealed_text.ts';
import type { RequestDemands } from '../../core/contract/demands.ts';
import type { EgressRequest, RawRequest } from '../../core/request/egress_request.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { DecisionDraft } from '../../core/verdict/proposal.ts';
import type { TunnelOwner } from '../ports.ts';

/** A request whose body nobody has looked at: everything to judge it again, on any gateway of this host, or to deny it. */
export interface PendingTicket {
  /** The denial BODY_NOT_COMPLETED, which stands if the body never comes. Names the Envoy that asked, and its life. */
  readonly draft: DecisionDraft;
  /** Of the Check, hex SHA-256. */
  readonly request_digest: string;
  /** Milliseconds since 1970; from then on the body comes too late. */
  readonly exp_ms: number;
  readonly mode: RawRequest['mode'];
  /** As judged, the query included. */
  readonly request: EgressRequest;
  readonly owner: TunnelOwner;
  readonly demands: RequestDemands;
}

export type PendingProblem = 'PENDING_MALFORMED' | 'PENDING_FORGED' | 'PENDING_FOREIGN' | 'PENDING_EXPIRED';

/** Characters. It stands in metadata of Envoy and in a line of its log. */
export const PENDING_LENGTH_MAX = 24_576;
/** Longer than any body may take. */
export const PENDING_MS = 600_000;

const LABEL = 'clawgress/pending-ticket/v1';
const SEALED = /^[A-Za-z0-9_-]{64,24576}$/;
/** As many as make every key of its own: then the nonce never changes. */
const SALT_BYTES = 24;
const TAG_BYTES = 16;
const NONCE = Buffer.alloc(12);
const CONTENT_BYTES_MAX = 262_144;

/**
 * Base64url of salt, AES-256-GCM text and tag. The query is inside, so it is encrypted, too: Envoy writes it to a file.
 * Undefined when it would be longer than PENDING_LENGTH_MAX.
 */
export function sealPending(ticket: PendingTicket, mac: Mac): string | undefined {
  const content = Buffer.from(JSON.stringify(ticket), 'utf8');
  if (content.length > CONTENT_BYTES_MAX) return undefined;
  const salt = randomBytes(SALT_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyOf(salt, mac), NONCE);
  cipher.setAAD(Buffer.from(LABEL));
  const sealed = Buffer.concat([salt, cipher.update(deflateRawSync(content)), cipher.final()]);
  const text = Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url');
  return text.length > PENDING_LENGTH_MAX ? undefined : text;
}

/** Whoever may have written it, at whatever time. Reads nothing of a text before its tag is verified. Never throws. */
export function unsealPending(text: string, mac: Mac): Result<PendingTicket, PendingProblem> {
  if (!SEALED.test(text)) return fail('PENDING_MALFORMED');
  const bytes = Buffer.from(text, 'base64url');
  // One spelling for one ticket: bits behind the last byte could be anything.
  if (bytes.toString('base64url') !== text) return fail('PENDING_MALFORMED');
  const salt = bytes.subarray(0, SALT_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', keyOf(salt, mac), NONCE, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(LABEL));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const packed = Buffer.concat([decipher.update(bytes.subarray(SALT_BYTES, -TAG_BYTES)), decipher.final()]);
    const content = inflateRawSync(packed, { maxOutputLength: CONTENT_BYTES_MAX });
    // Nobody but a gateway of this host can have written it; the label says in which form.
    return ok(JSON.parse(content.toString('utf8')) as PendingTicket);
  } catch {
    return fail('PENDING_FORGED');
  }
}

/** For the Envoy that shows it, in time. */
export function openPending(
  text: string,
  mac: Mac,
  showing: { readonly node: string; readonly epoch: string; readonly now_ms: number },
): Result<PendingTicket, PendingProblem> {
  const ticket = unsealPending(text, mac);
  if (!ticket.ok) return ticket;
  const { draft, exp_ms } = ticket.value;
  // Another Envoy, or another life of this one, holds no request that this could belong to.
  if (draft.envoy_node !== showing.node || draft.envoy_epoch !== showing.epoch)
    return fail('PENDING_FOREIGN');
  return showing.now_ms < exp_ms ? ticket : fail('PENDING_EXPIRED');
}

function keyOf(salt: Uint8Array, mac: Mac): Buffer {
  return Buffer.from(mac(LABEL, Buffer.from(salt).toString('base64url')), 'hex');
}
