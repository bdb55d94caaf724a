/**
 * The closed list of reason codes. Each is part of the signed record, so a code is never renamed or reused.
 * `docs/reasons.md` carries the same list; a test compares them both ways.
 */
export const REASONS = {
  POLICY_ALLOW: { status: 200, title: 'Allowed by a rule' },
  IDENTITY_MISSING: { status: 401, title: 'No credential was presented' },
  IDENTITY_MALFORMED: { status: 401, title: 'The credential could not be read' },
  IDENTITY_UNKNOWN: { status: 401, title: 'The credential belongs to no agent' },
  IDENTITY_DISABLED: { status: 401, title: 'The agent is disabled' },
  IDENTITY_QUARANTINED: { status: 403, title: 'The agent is quarantined' },
  IDENTITY_EXPIRED: { status: 401, title: 'The credential has expired' },
  IDENTITY_NOT_YET_VALID: { status: 401, title: 'The credential is not valid yet' },
  IDENTITY_AUDIENCE: { status: 401, title: 'The token was issued for another audience' },
  IDENTITY_ALGORITHM: { status: 401, title: 'The token uses an algorithm that is not accepted' },
  IDENTITY_SIGNATURE: { status: 401, title: 'The token signature does not verify' },
  IDENTITY_ISSUER: { status: 401, title: 'The token issuer is not configured' },
  IDENTITY_CONFLICT: { status: 401, title: 'Two credentials disagree' },
  IDENTITY_STALE_KEYS: { status: 401, title: 'The issuer keys are too old to trust' },
  IDENTITY_RUN_INVALID: { status: 401, title: 'The run label is not valid' },
  AUTHORITY_INVALID: { status: 403, title: 'The host or port is not canonical' },
  DESTINATION_SELF: { status: 403, title: 'The request names the gateway itself' },
  HOST_NUMERIC: { status: 403, title: 'The host is a number that is not a canonical IP address' },
  METHOD_INVALID: { status: 403, title: 'The method is not valid' },
  PATH_INVALID: { status: 403, title: 'The path is not valid' },
  REQUEST_TOO_LARGE: { status: 403, title: 'The request line or headers are too large to record' },
  PATH_AMBIGUOUS: { status: 403, title: 'The path could be read in two ways' },
  OVERRIDE_HEADER: { status: 403, title: 'A method or URL override is not accepted here' },
  CREDENTIAL_FORWARDED: {
    status: 403,
    title: 'A gateway credential would have been sent to the destination',
  },
  TUNNEL_OPAQUE: { status: 403, title: 'Rules look at parts of the request that a tunnel hides' },
  POLICY_NO_MATCH: { status: 403, title: 'No rule allows this request' },
  POLICY_DENY: { status: 403, title: 'A rule denies this request' },
  LIMIT_RPS: { status: 429, title: 'Too many requests per second' },
  LIMIT_RPM: { status: 429, title: 'Too many requests per minute' },
  LIMIT_KEYS: { status: 429, title: 'Too many distinct limit keys for this tenant' },
  REQUEST_KEY_REUSED: { status: 403, title: 'A request id was used for two different requests' },
  RECORD_TOO_LARGE: { status: 503, title: 'The receipt would not fit' },
  RECORDER_UNAVAILABLE: { status: 503, title: 'The decision could not be recorded' },
  RECORDER_BUSY: { status: 503, title: 'Too many decisions are waiting to be recorded' },
  RECORDER_DISK_FULL: { status: 503, title: 'The disk of the journal is nearly full' },
  STALE_SNAPSHOT: { status: 503, title: 'The policy changed while the request was judged' },
  INTERNAL: { status: 503, title: 'The gateway could not decide' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ReasonCode = keyof typeof REASONS;
