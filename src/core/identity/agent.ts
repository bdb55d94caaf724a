import type { AgentStatus } from './principal.ts';
import type { AgentSource } from './source.ts';

/** One row of the registry. Serialised; holds hashes of keys, never keys. */
export interface Agent {
  readonly tenant_id: string;
  /** Unique in the whole registry: evidence streams are keyed by it. */
  readonly agent_id: string;
  readonly team_id: string;
  readonly project_id: string;
  readonly environment: string;
  readonly status: AgentStatus;
  readonly workload_fingerprint?: string;
  readonly api_keys: readonly ApiKeyEntry[];
  readonly subjects: readonly Subject[];
  /** Believed in transparent mode alone. Each in one agent of the registry only. */
  readonly sources?: readonly AgentSource[];
}

export interface ApiKeyEntry {
  /** The first 16 characters of `sha256`: names a key in records without saying anything about it. */
  readonly key_id: string;
  /** Lower-case hex SHA-256 of the whole key text. */
  readonly sha256: string;
  /** `YYYY-MM-DDTHH:MM:SS.sssZ`, like the others; this form sorts as text. */
  readonly created_at: string;
  /** Present: the key is dead, whatever the time says. */
  readonly revoked_at?: string;
  /** The key is dead from this moment on. */
  readonly expires_at?: string;
}

/** A token subject that speaks for the agent; (issuer, subject) is unique in the registry. */
export interface Subject {
  readonly issuer: string;
  readonly subject: string;
}

export interface RegistryDocument {
  readonly schema: typeof REGISTRY_SCHEMA;
  readonly agents: readonly Agent[];
}

export const REGISTRY_SCHEMA = 'clawgress/registry/v1';
export const KEY_ID_LENGTH = 16;

export const REGISTRY_BYTES_MAX = 33_554_432;
export const AGENTS_MAX = 50_000;
export const API_KEYS_MAX = 32;
export const SUBJECTS_MAX = 32;
export const SOURCES_MAX = 32;
/** Length of an issuer or subject, in characters. */
export const CLAIM_LENGTH_MAX = 512;
