import { existsSync, readFileSync } from 'node:fs';
import { issueKey } from '../authn/agents.ts';
import { hashApiKey, keyIdOf } from '../authn/api_key.ts';
import { updateRegistryFile } from '../authn/registry_file.ts';
import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import type { Agent } from '../core/identity/agent.ts';
import { writePrivate } from './state.ts';

/** One entry of `run/demo-credentials.json` (0600): the only place where a key is kept in clear, and only for the demo. */
export interface DemoAgent {
  readonly agent_id: string;
  readonly api_key: string;
  readonly allowed_hosts: readonly string[];
}

/** The first may do anything with the demo upstream; the second reads a few paths, five times a second. */
export const DEMO_AGENT_IDS = ['demo-agent', 'demo-limited'] as const;

/** The demo agents with their keys; made once, and kept over restarts. */
export async function ensureDemoAgents(settings: Settings, layout: Layout): Promise<readonly DemoAgent[]> {
  const known = readDemoAgents(layout);
  const agents = DEMO_AGENT_IDS.map((agent_id): DemoAgent => {
    const api_key =
      known.find((agent) => agent.agent_id === agent_id)?.api_key ?? issueKey(Date.now()).api_key;
    return { agent_id, api_key, allowed_hosts: [settings.demo.address] };
  });
  // Credentials first: an entry of the registry whose key nobody has would be useless for ever.
  writePrivate(layout.demo_credentials, `${JSON.stringify({ agents }, null, 2)}\n`);
  await updateRegistryFile(settings.registry_file, (registered) => withDemo(registered, agents));
  return agents;
}

/** Adds what is missing; an agent that the operator disabled or whose key was revoked stays as it is. */
function withDemo(registered: readonly Agent[], demo: readonly DemoAgent[]): readonly Agent[] {
  const missing = demo.filter((agent) => !registered.some((entry) => entry.agent_id === agent.agent_id));
  return [...registered, ...missing.map(registryEntry)];
}

function registryEntry({ agent_id, api_key }: DemoAgent): Agent {
  const sha256 = hashApiKey(api_key);
  return {
    tenant_id: 'default',
    agent_id,
    team_id: 'demo',
    project_id: 'tour',
    environment: 'dev',
    status: 'active',
    api_keys: [{ key_id: keyIdOf(sha256), sha256, created_at: new Date().toISOString() }],
    subjects: [],
  };
}

export function readDemoAgents(layout: Pick<Layout, 'demo_credentials'>): readonly DemoAgent[] {
  if (!existsSync(layout.demo_credentials)) return [];
  const { agents } = JSON.parse(readFileSync(layout.demo_credentials, 'utf8')) as { agents: DemoAgent[] };
  return agents;
}
