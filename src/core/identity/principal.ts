/**
 * Who is asking. One principal whatever the credential; the shape is the `identity` member of a decision record,
 * so it is snake_case and must never hold a secret.
 */
export interface Principal {
  readonly tenant_id: string;
  readonly agent_id: string;
  readonly team_id: string;
  readonly project_id: string;
  readonly environment: string;
  readonly workload_fingerprint?: string;
  readonly status: AgentStatus;
  readonly auth_type: AuthType;
  readonly binding: Binding;
  readonly credential_transport: CredentialTransport;
  readonly run?: Run;
}

export type AgentStatus = 'active' | 'disabled' | 'quarantined';
export type AuthType = 'jwt' | 'api_key' | 'mtls' | 'source';
/** How the credential travelled from the client to the proxy port. */
export type CredentialTransport = 'loopback' | 'tls' | 'plaintext';

/** What exactly proved the identity. */
export type Binding =
  | { readonly kind: 'api_key'; readonly key_id: string }
  | { readonly kind: 'jwt'; readonly issuer: string; readonly subject: string; readonly jwk_id: string }
  /** `uid:2001` or `cidr:10.92.0.0/24`: the entry of the registry that the connection fell under. */
  | { readonly kind: 'source'; readonly source: string };

/** A run label groups calls of one agent; a label never grants anything. */
export interface Run {
  readonly label: string;
  readonly asserted_by: 'header' | 'basic_user' | 'jwt';
}

/** Why no principal could be bound. These are facts for the decision, recorded as `identity_problem`. */
export const IDENTITY_PROBLEMS = [
  'IDENTITY_MISSING',
  'IDENTITY_MALFORMED',
  'IDENTITY_UNKNOWN',
  'IDENTITY_DISABLED',
  'IDENTITY_QUARANTINED',
  'IDENTITY_EXPIRED',
  'IDENTITY_NOT_YET_VALID',
  'IDENTITY_AUDIENCE',
  'IDENTITY_ALGORITHM',
  'IDENTITY_SIGNATURE',
  'IDENTITY_ISSUER',
  'IDENTITY_CONFLICT',
  'IDENTITY_STALE_KEYS',
  'IDENTITY_RUN_INVALID',
] as const;
export type IdentityProblem = (typeof IDENTITY_PROBLEMS)[number];

/** What went unchecked because the agent's environment has `fail_mode` open. */
export type Degradation = 'identity_freshness';

/** The result of authentication: a principal, or the reason there is none (with the claimed agent when it is known for certain). */
export type IdentityFact =
  | {
      readonly ok: true;
      readonly principal: Principal;
      readonly degraded?: readonly Degradation[];
      /** When the proof ends by itself, milliseconds since 1970; of tokens. What it opened ends then, too. */
      readonly expires_ms?: number;
    }
  | { readonly ok: false; readonly problem: IdentityProblem; readonly known_agent?: Principal };

/** Ids of tenants, agents, teams, projects, environments and run labels. */
export const ID_PATTERN = /^[a-z0-9._-]{1,64}$/;
