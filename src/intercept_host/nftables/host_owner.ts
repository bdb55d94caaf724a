import type { Guard } from './guard.ts';

/** Every user id: this matches exactly the packets whose sender is known. */
export const ANY_OWNER = '0-4294967294';

/** Matches of the packets that agents on this host send, one for users and one for groups. */
export function ofAgents({ agentUids, agentGids }: Guard): string[] {
  return [
    ...(agentUids.length > 0 ? ['meta skuid @agent_uids'] : []),
    ...(agentGids.length > 0 ? ['meta skgid @agent_gids'] : []),
  ];
}
