import type { Agent, ApiKeyEntry } from '../core/identity/agent.ts';
import { bindAgent, refuseAgent } from '../core/identity/bind.ts';
import type { CredentialTransport, IdentityFact, IdentityProblem, Run } from '../core/identity/principal.ts';
import type { SourceIdentity } from '../core/identity/source.ts';
import type { RawRequest } from '../core/request/egress_request.ts';
import type { Result } from '../core/result.ts';
import { hashApiKey, isApiKeyShape, sameDigest } from './api_key.ts';
import { type Presented, presentedCredential, runsInHeaders } from './credentials.ts';
import type { Verification, VerifiedToken } from './jwt_verifier.ts';
import type { RegistryView } from './registry_view.ts';

const MS_PER_S = 1_000;

/** What one request says about who sends it. */
export interface CredentialInput {
  readonly mode: RawRequest['mode'];
  readonly headers: RawRequest['headers'];
  readonly transport: CredentialTransport;
  /** What the listener saw, where it vouches for it; in mode `transparent` alone. */
  readonly source?: SourceIdentity;
  /** Wall clock, milliseconds since the epoch. */
  readonly now_ms: number;
}

export interface Verifiers {
  readonly registry: RegistryView;
  verifyToken(token: string, now_ms: number): Verification | Promise<Verification>;
  /** Environments whose agents may act on a token that was verified with keys that are too old. */
  readonly openEnvironments: ReadonlySet<string>;
  /** Called for each key that bound a principal. */
  keyUsed(key_id: string, now_ms: number): void;
}

/** Binds the one principal that a request proves, by where it comes from and by what it carries. Synchronous for API keys. */
export function authenticate(
  input: CredentialInput,
  verifiers: Verifiers,
): IdentityFact | Promise<IdentityFact> {
  const source = input.mode === 'transparent' ? bySource(input, verifiers.registry) : undefined;
  const carried = byCredential(input, verifiers);
  if (source === undefined) return carried;
  return carried instanceof Promise ? carried.then((fact) => agreed(source, fact)) : agreed(source, carried);
}

/** Undefined: the listener does not know where connections come from, or no agent is bound there. */
function bySource(
  { source: seen, headers, transport }: CredentialInput,
  registry: RegistryView,
): SourceFact | undefined {
  const owner = seen === undefined ? undefined : registry.sourceOwner(seen);
  if (owner === undefined) return undefined;
  const { agent, source } = owner;
  const binding = { kind: 'source', source } as const;
  const fact = bindAgent(agent, { binding, credential_transport: transport, runs: runsInHeaders(headers) });
  return { agent, fact };
}

/**
 * A credential is the stronger proof, and is what the record names; it must be of the agent that is bound to the
 * source, or two have asked.
 */
function agreed({ agent, fact }: SourceFact, carried: IdentityFact): IdentityFact {
  if (!carried.ok && carried.problem === 'IDENTITY_MISSING') return fact;
  const claimed = carried.ok ? carried.principal : carried.known_agent;
  if (claimed?.agent_id === agent.agent_id) return carried;
  const known = fact.ok ? fact.principal : fact.known_agent;
  const problem = claimed === undefined && !carried.ok ? carried.problem : 'IDENTITY_CONFLICT';
  return { ok: false, problem, ...(known === undefined ? {} : { known_agent: known }) };
}

interface SourceFact {
  readonly agent: Agent;
  readonly fact: IdentityFact;
}

function byCredential(input: CredentialInput, verifiers: Verifiers): IdentityFact | Promise<IdentityFact> {
  const presented = presentedCredential(input.mode, input.headers);
  if (!presented.ok) return nobody(presented.problem);
  if (presented.value.kind === 'api_key') return byKey(presented.value, input, verifiers);
  const bind = (verification: Verification) => byToken(verification, presented.value, input, verifiers);
  const verification = verifiers.verifyToken(presented.value.secret, input.now_ms);
  return verification instanceof Promise ? verification.then(bind) : bind(verification);
}

function byKey(presented: Presented, input: CredentialInput, verifiers: Verifiers): IdentityFact {
  if (!isApiKeyShape(presented.secret)) return nobody('IDENTITY_MALFORMED');
  const digest = hashApiKey(presented.secret);
  const owner = verifiers.registry.keyOwner(digest);
  if (!owner || !sameDigest(owner.key.sha256, digest)) return nobody('IDENTITY_UNKNOWN');
  const proof = {
    ...claimsOf(presented, presented.runs),
    binding: { kind: 'api_key', key_id: owner.key.key_id } as const,
    credential_transport: input.transport,
  };
  if (isDead(owner.key, input.now_ms)) return refuseAgent(owner.agent, proof, 'IDENTITY_EXPIRED');
  const fact = bindAgent(owner.agent, proof);
  if (fact.ok) verifiers.keyUsed(owner.key.key_id, input.now_ms);
  return fact;
}

function byToken(
  verification: Result<VerifiedToken, IdentityProblem>,
  presented: Presented,
  input: CredentialInput,
  { registry, openEnvironments }: Verifiers,
): IdentityFact {
  if (!verification.ok) return nobody(verification.problem);
  const { issuer, subject, jwk_id, run_label, stale, times } = verification.value;
  const agent = registry.subjectOwner(issuer.issuer, subject);
  if (!agent) return nobody('IDENTITY_UNKNOWN');
  // The issuer is pinned: whatever the registry maps, its tokens reach neither another tenant nor an unlisted agent.
  if (!speaksFor(issuer, agent)) return nobody('IDENTITY_ISSUER');
  if (stale && !openEnvironments.has(agent.environment)) return nobody('IDENTITY_STALE_KEYS');
  const fromToken: Run[] = run_label === undefined ? [] : [{ label: run_label, asserted_by: 'jwt' }];
  const fact = bindAgent(agent, {
    ...claimsOf(presented, [...presented.runs, ...fromToken]),
    binding: { kind: 'jwt', issuer: issuer.issuer, subject, jwk_id },
    credential_transport: input.transport,
  });
  if (!fact.ok) return fact;
  const expires_ms = (times.exp + issuer.leeway_s) * MS_PER_S;
  return { ...fact, expires_ms, ...(stale ? { degraded: ['identity_freshness'] } : {}) };
}

function speaksFor(issuer: VerifiedToken['issuer'], agent: Agent): boolean {
  return agent.tenant_id === issuer.tenant_id && issuer.allowed_agents.includes(agent.agent_id);
}

function claimsOf(
  presented: Presented,
  runs: readonly Run[],
): { claimed_agent?: string; runs: readonly Run[] } {
  const { claimed_agent } = presented;
  return claimed_agent === undefined ? { runs } : { claimed_agent, runs };
}

/** Times of one fixed form compare as text. */
export function isDead(key: ApiKeyEntry, now_ms: number): boolean {
  if (key.revoked_at !== undefined) return true;
  return key.expires_at !== undefined && new Date(now_ms).toISOString() >= key.expires_at;
}

export function nobody(problem: IdentityProblem): IdentityFact {
  return { ok: false, problem };
}
