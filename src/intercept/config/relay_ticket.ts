import { AUTHZ_FILTER } from './ext_authz.ts';
import type { Message } from './typed.ts';

/** Everything that a relay is told, and tells, begins with this; nothing of it comes in from clients or goes out. */
export const RELAY_PREFIX = 'cg-relay-';
/** Under these names the claims of a relay outlive the strip, for the access log and for local replies. */
export const RELAY_RECEIPT_STATE = 'cg.relay_receipt';
export const RELAY_END_STATE = 'cg.relay_end';
/** Of the dynamic metadata of an answer that sends a request through a relay. */
const TICKET_KEY = 'relay';

/** At the route, which is after the filters: they strip what a client put there. Without a ticket the header is empty. */
export function addTicket(): Message {
  return {
    request_headers_to_add: [
      {
        header: {
          key: `${RELAY_PREFIX}ticket`,
          value: `%DYNAMIC_METADATA(${AUTHZ_FILTER}:${TICKET_KEY})%`,
        },
        append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
      },
    ],
  };
}
