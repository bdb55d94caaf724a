import { createHash } from 'node:crypto';
import { encodeJcs } from '../core/canonical/jcs.ts';
import type { Agent, ApiKeyEntry, RegistryDocument } from '../core/identity/agent.ts';
import type { SourceIdentity } from '../core/identity/source.ts';
import { indexSources, type SourceOwner } from './source_index.ts';

export interface KeyOwner {
  readonly agent: Agent;
  readonly key: ApiKeyEntry;
}

/** One registry document, indexed. Immutable; a changed registry is a new view. */
export interface RegistryView {
  /** `sha256:<hex>` over `canonical`. */
  readonly registry_hash: string;
  /** JCS bytes of the document: what is archived and exported. */
  readonly canonical: Uint8Array;
  readonly agent_count: number;
  keyOwner(sha256: string): KeyOwner | undefined;
  subjectOwner(issuer: string, subject: string): Agent | undefined;
  agent(tenant_id: string, agent_id: string): Agent | undefined;
  sourceOwner(seen: SourceIdentity): SourceOwner | undefined;
}

/** Indexes a parsed document, whose keys and subjects are known to be unique. */
export function viewRegistry(document: RegistryDocument): RegistryView {
  const canonical = new TextEncoder().encode(encodeJcs(document));
  const keys = new Map<string, KeyOwner>();
  const subjects = new Map<string, Agent>();
  const agents = new Map<string, Agent>();
  for (const agent of document.agents) {
    agents.set(agent.agent_id, agent);
    for (const key of agent.api_keys) keys.set(key.sha256, { agent, key });
    for (const { issuer, subject } of agent.subjects) subjects.set(subjectKey(issuer, subject), agent);
  }
  return Object.freeze({
    registry_hash: `sha256:${createHash('sha256').update(canonical).digest('hex')}`,
    canonical,
    agent_count: document.agents.length,
    keyOwner: (sha256: string) => keys.get(sha256),
    subjectOwner: (issuer: string, subject: string) => subjects.get(subjectKey(issuer, subject)),
    agent: (tenant_id: string, agent_id: string) => {
      const found = agents.get(agent_id);
      return found?.tenant_id === tenant_id ? found : undefined;
    },
    sourceOwner: indexSources(document.agents),
  });
}

/** Length-prefixed, so that no issuer can borrow the first characters of a subject. */
function subjectKey(issuer: string, subject: string): string {
  return `${issuer.length}:${issuer}${subject}`;
}
