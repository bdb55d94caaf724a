import type { JwtIssuerSettings } from '../config/settings.ts';
import type { IdentityFact } from '../core/identity/principal.ts';
import { parseRegistry, type RegistryProblem } from '../core/identity/registry_document.ts';
import { ok, type Result } from '../core/result.ts';
import { authenticate, type CredentialInput } from './authenticate.ts';
import { JwtVerifier, type JwtVerifierOptions } from './jwt_verifier.ts';
import type { AuthnLog } from './key_source.ts';
import { viewRegistry } from './registry_view.ts';
import { type ResumedInput, resume } from './resume.ts';

export interface IdentityOptions {
  readonly jwt_issuers: readonly JwtIssuerSettings[];
  /** Environments with open `fail_mode`; absent: none. */
  readonly open_environments?: readonly string[];
  readonly log: AuthnLog;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Reads a JWKS document; for tests. */
  readonly load?: JwtVerifierOptions['load'];
}

/** A registry in force: judges the credentials of requests. Immutable. */
export interface LiveRegistry {
  readonly registry_hash: string;
  readonly canonical: Uint8Array;
  readonly agent_count: number;
  authenticate(input: CredentialInput): IdentityFact | Promise<IdentityFact>;
  resume(input: ResumedInput): IdentityFact | Promise<IdentityFact>;
}

/** Everything about identity that outlives one registry: issuer keys, the token cache, when keys were last used. */
export interface Identity {
  compileRegistry(bytes: Uint8Array): Result<LiveRegistry, readonly RegistryProblem[]>;
  /** Milliseconds since the epoch by key id, since this process started. */
  lastUsed(): ReadonlyMap<string, number>;
  /** Resolves once every issuer's keys were tried for the first time; requests need not wait for it. */
  ready(): Promise<void>;
  stop(): void;
}

const KEYS_IN_USE_MAX = 100_000;

/** Starts loading issuer keys in the background. */
export function openIdentity(options: IdentityOptions): Identity {
  const { jwt_issuers, log, now = Date.now, load } = options;
  const openEnvironments = new Set(options.open_environments);
  const common = { issuers: jwt_issuers, log, now, allowStale: openEnvironments.size > 0 };
  const verifier = new JwtVerifier(load ? { ...common, load } : common);
  const used = new Map<string, number>();
  const started = verifier.start();
  const keyUsed = (key_id: string, now_ms: number) => {
    if (used.size < KEYS_IN_USE_MAX || used.has(key_id)) used.set(key_id, now_ms);
  };
  return {
    compileRegistry(bytes) {
      const document = parseRegistry(bytes);
      if (!document.ok) return document;
      const registry = viewRegistry(document.value);
      const verifyToken = (token: string, now_ms: number) => verifier.verify(token, now_ms);
      const verifiers = { registry, verifyToken, keyUsed, openEnvironments };
      const { registry_hash, canonical, agent_count } = registry;
      return ok({
        registry_hash,
        canonical,
        agent_count,
        authenticate: (input) => authenticate(input, verifiers),
        resume: (input) => resume(input, verifiers),
      });
    },
    lastUsed: () => used,
    ready: () => started,
    stop: () => verifier.stop(),
  };
}
