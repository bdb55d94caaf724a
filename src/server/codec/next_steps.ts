import type { ReasonCode } from '../../core/verdict/reasons.ts';

/**
 * What a denied caller can do, per reason: one sentence of detail and ordered steps. Written for the agent's developer:
 * no internal causes, no policy text. `<receipt_id>` and `<request_id>` are filled in.
 */
export interface Guidance {
  readonly detail: string;
  readonly steps: readonly string[];
}

const WHY = 'Ask the operator to run: clawgress receipts why <receipt_id>';
const RETRY_LATER = 'Retry with back-off; nothing was sent and no limit was charged.';
const TELL_OPERATOR = 'If it persists, give the operator the request id <request_id>.';
const NEW_CREDENTIAL = 'Ask the operator for a current credential for this agent.';

const NEVER_FITS =
  'Without Retry-After the call alone is more than the budget. What is left: GET /_clawgress/quota.';

const TROUBLE: Guidance = {
  detail: 'The gateway could not answer for this request, so nothing was sent.',
  steps: [RETRY_LATER, TELL_OPERATOR],
};

export const GUIDANCE: Record<ReasonCode, Guidance> = {
  POLICY_ALLOW: { detail: 'The request was allowed.', steps: [] },
  IDENTITY_MISSING: {
    detail: 'No credential came with the request; anonymous requests never leave.',
    steps: [
      'Proxy mode: put the agent and its key into the proxy URL, http://<agent>:<key>@<gateway>.',
      'Base URL mode: send the key in the x-clawgress-key header.',
      'Transparent mode: send it there, too, or ask the operator to run: clawgress agent bind <agent> --uid N or --cidr C',
    ],
  },
  IDENTITY_MALFORMED: {
    detail: 'A credential came with the request but could not be read.',
    steps: ['Check that the key or token was copied completely, then send it again.', WHY],
  },
  IDENTITY_UNKNOWN: {
    detail: 'The credential belongs to no registered agent.',
    steps: ['Check that the key was not rotated or removed.', NEW_CREDENTIAL],
  },
  IDENTITY_DISABLED: {
    detail: 'This agent has been disabled.',
    steps: ['Ask the operator to enable the agent.', WHY],
  },
  IDENTITY_QUARANTINED: {
    detail: 'This agent is quarantined; all its requests are held back.',
    steps: ['Stop retrying and ask the operator to review the quarantine.', WHY],
  },
  IDENTITY_EXPIRED: {
    detail: 'The credential is past its expiry.',
    steps: ['Fetch a new token and retry.', NEW_CREDENTIAL],
  },
  IDENTITY_NOT_YET_VALID: {
    detail: 'The credential becomes valid later.',
    steps: ['Check the clock of the machine that issued the token, then retry.'],
  },
  IDENTITY_AUDIENCE: {
    detail: 'The token was made for another service.',
    steps: ['Request a token for the audience that the operator configured for this gateway.'],
  },
  IDENTITY_ALGORITHM: {
    detail: 'The token is signed with an algorithm that is not accepted for its issuer.',
    steps: ['Ask the operator which algorithms are accepted for this issuer.'],
  },
  IDENTITY_SIGNATURE: {
    detail: 'The token signature does not verify against the keys of its issuer.',
    steps: ['Fetch a new token and retry.', WHY],
  },
  IDENTITY_ISSUER: {
    detail: 'The token comes from an issuer that this gateway does not know.',
    steps: ['Ask the operator to configure the issuer, or use a credential of a known one.'],
  },
  IDENTITY_CONFLICT: {
    detail: 'The request names two agents: by two credentials, or by one and where it connects from.',
    steps: ['Send exactly one credential, of the agent that this connection belongs to.'],
  },
  IDENTITY_STALE_KEYS: {
    detail: 'The keys of the token issuer could not be refreshed in time.',
    steps: ['Retry later, or use an API key.', WHY],
  },
  IDENTITY_RUN_INVALID: {
    detail: 'The run label is not 1 to 64 characters of a-z, 0-9, dot, underscore and hyphen.',
    steps: ['Correct the run label, or leave it out.'],
  },
  AUTHORITY_INVALID: {
    detail: 'The host or port is not in its canonical form.',
    steps: ['Use a lower-case ASCII host name without a trailing dot and a port from 1 to 65535.'],
  },
  DESTINATION_SELF: {
    detail: 'The request names the gateway itself as its destination.',
    steps: [
      'Base URL mode: name the destination in the Host header or as /_to/<host>/<path>.',
      'To ask about yourself: GET /_clawgress/whoami, /_clawgress/quota or /_clawgress/why/<receipt>.',
    ],
  },
  HOST_NUMERIC: {
    detail: 'The host is a number that different programs read as different addresses.',
    steps: ['Use a host name, or the address in dotted decimal form.'],
  },
  METHOD_INVALID: { detail: 'The request method is not valid.', steps: ['Use a registered HTTP method.'] },
  PATH_INVALID: { detail: 'The request path is not valid.', steps: ['Percent-encode the path and retry.'] },
  REQUEST_TOO_LARGE: {
    detail: 'The request line or the headers are larger than a receipt can hold.',
    steps: ['Shorten the URL or the headers; send large values in the body.'],
  },
  TLS_NAME_MISMATCH: {
    detail: 'The tunnel, its TLS handshake and the request inside do not name the same host and port.',
    steps: ['Open one tunnel per host, and send only requests for that host and port through it.'],
  },
  TLS_NAME_MISSING: {
    detail: 'The TLS connection carries no server name, so nobody can say where it goes.',
    steps: ['Connect by host name with a TLS client that sends it (SNI).', WHY],
  },
  ORIGINAL_PORT_MISMATCH: {
    detail: 'The request names another port or address than its connection was made to.',
    steps: ['Open one connection per destination, and ask on it for that destination only.'],
  },
  UPGRADE_INVALID: {
    detail: 'The request asks for a protocol upgrade that is not a strict WebSocket handshake.',
    steps: ['Use a WebSocket client (RFC 6455, version 13); no other upgrade passes.'],
  },
  PATH_AMBIGUOUS: {
    detail: 'Gateway and destination could read this path differently.',
    steps: ['Send the path without dot segments, double slashes and needless escapes.', WHY],
  },
  OVERRIDE_HEADER: {
    detail: 'The request carries a header or parameter that can change its method or URL at the destination.',
    steps: ['Remove the override and use the real method and URL.'],
  },
  CREDENTIAL_FORWARDED: {
    detail: 'A gateway credential stands in a place that would be sent to the destination.',
    steps: [
      'Send the key only as proxy credential or in the x-clawgress-key header.',
      'If the key may have been seen by others, ask the operator to rotate it.',
    ],
  },
  TUNNEL_OPAQUE: {
    detail: 'The tunnel hides parts of the request that have to be judged.',
    steps: [
      'Use the base URL listener for this destination.',
      'Or ask the operator to set tls: intercept on the rule, and trust the certificate authority of this gateway.',
      WHY,
    ],
  },
  UPGRADE_NOT_ALLOWED: {
    detail: 'The request would be allowed, but not the WebSocket that it asks for.',
    steps: ['Ask the operator for a rule with protocol: {kind: websocket}.', WHY],
  },
  BODY_NOT_COMPLETED: {
    detail: 'The body was to be inspected and did not come to its end.',
    steps: ['Send the whole body.'],
  },
  BODY_INVALID: {
    detail: 'The body is not JSON, or breaks a bound of the JSON that is accepted here.',
    steps: ['Send one JSON text in UTF-8, without duplicate keys.', WHY],
  },
  BODY_TOO_LARGE: {
    detail: 'The body is larger than what is inspected here.',
    steps: ['Send a smaller body.', WHY],
  },
  BODY_TYPE_REFUSED: {
    detail: 'Bodies are inspected here, and this one has a type, charset or encoding that is not read.',
    steps: ['Send content-type application/json in UTF-8, without content-encoding.', WHY],
  },
  SCHEMA_INVALID: {
    detail: 'The body does not fit the schema that is asked for here.',
    steps: ['Correct the body at the place that was found.', WHY],
  },
  AI_UNREADABLE: {
    detail: 'Rules look at what the call asks for, and it can be read in more than one way, or not at all.',
    steps: ['Send the call in the form that its provider documents.', WHY],
  },
  INSPECT_BUSY: {
    detail: 'As many bytes as the gateway has room for are being inspected.',
    steps: ['Retry in a few seconds.'],
  },
  RESPONSE_BLOCKED: {
    detail: 'The answer of the destination breaks the contract that is asked for here, and was held back.',
    steps: ['The request was sent. Do not retry unchanged.', WHY],
  },
  POLICY_NO_MATCH: { detail: 'No rule allows this request for this agent.', steps: [WHY] },
  POLICY_CEILING: {
    detail: 'The policy above this agent does not allow this request, whatever its own policy says.',
    steps: ['Do not retry unchanged.', WHY],
  },
  POLICY_DENY: {
    detail: 'A rule denies this request for this agent.',
    steps: ['Do not retry unchanged.', WHY],
  },
  POLICY_EXPIRED: {
    detail: 'The policy of this gateway is past its end, so nothing is allowed until it is renewed.',
    steps: ['Retry after the operator has published a new policy.', WHY],
  },
  LIMIT_RPS: {
    detail: 'The limit of requests per second is used up.',
    steps: ['Retry after the time in Retry-After.', WHY],
  },
  LIMIT_RPM: {
    detail: 'The limit of requests per minute is used up.',
    steps: ['Retry after the time in Retry-After.', WHY],
  },
  LIMIT_TOKENS: {
    detail: 'What this call could use of tokens does not fit into what is left of the budget.',
    steps: ['Ask for fewer output tokens, or retry after the time in Retry-After.', NEVER_FITS, WHY],
  },
  LIMIT_SPEND: {
    detail: 'What this call could cost does not fit into what is left of the budget.',
    steps: [
      'Ask for fewer output tokens or a cheaper model, or retry after the time in Retry-After.',
      NEVER_FITS,
      WHY,
    ],
  },
  PRICE_UNKNOWN: {
    detail: 'A money budget counts this call and the price of its model is not known.',
    steps: ['Use a model whose price is known.', WHY],
  },
  LIMIT_KEYS: {
    detail: 'Too many distinct callers are being counted for this tenant.',
    steps: ['Retry later.', WHY],
  },
  REQUEST_KEY_REUSED: {
    detail: 'The id of this request was already used for a different one.',
    steps: ['Retry the request.', TELL_OPERATOR],
  },
  RECORD_TOO_LARGE: {
    detail: 'The receipt of this request would be too large, so nothing was sent.',
    steps: ['Shorten the URL or the headers.', TELL_OPERATOR],
  },
  RECORDER_UNAVAILABLE: TROUBLE,
  RECORDER_BUSY: TROUBLE,
  RECORDER_DISK_FULL: TROUBLE,
  STALE_SNAPSHOT: TROUBLE,
  INTERNAL: TROUBLE,
};
