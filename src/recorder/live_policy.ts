import type { PolicyFacts } from './notices.ts';
import type { RecordFacts } from './scribe.ts';
import type { LivePolicy } from './state.ts';

/** The record by which policy and registry become live; undefined when they are. */
export function changeTo(facts: PolicyFacts, live: LivePolicy | undefined): RecordFacts | undefined {
  const { policy_id, policy_hash, registry_hash, trust, bundle } = facts;
  const isSamePolicy =
    live?.policy_hash === policy_hash &&
    live.policy_id === policy_id &&
    live.bundle?.digest === bundle?.digest;
  if (!isSamePolicy) {
    return {
      ...{ type: 'policy', policy_id, policy_hash, registry_hash, trust },
      ...(bundle === undefined ? {} : { bundle }),
    };
  }
  if (live.registry_hash === registry_hash) return undefined;
  return { type: 'control', control: 'registry', registry_hash, policy_hash };
}
