import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { Agent } from './agent.ts';
import type { Binding, CredentialTransport, IdentityFact, IdentityProblem, Run } from './principal.ts';
import { ID_PATTERN, type Principal } from './principal.ts';

/** What verification established about one request. Never holds the credential. */
export interface Proof {
  readonly binding: Binding;
  readonly credential_transport: CredentialTransport;
  /** Agent id that the client named beside the credential, if it named one. */
  readonly claimed_agent?: string;
  /** All run labels that came along, wherever they stood. */
  readonly runs: readonly Run[];
}

const ASSERTION_ORDER: readonly Run['asserted_by'][] = ['jwt', 'basic_user', 'header'];

/** A verified credential of this agent becomes the one principal of the request, unless something contradicts it. */
export function bindAgent(agent: Agent, proof: Proof): IdentityFact {
  const principal = principalOf(agent, proof);
  if (proof.claimed_agent !== undefined && proof.claimed_agent !== agent.agent_id) {
    return refused('IDENTITY_CONFLICT', principal);
  }
  if (agent.status !== 'active') {
    return refused(agent.status === 'disabled' ? 'IDENTITY_DISABLED' : 'IDENTITY_QUARANTINED', principal);
  }
  const run = settleRun(proof.runs);
  if (!run.ok) return refused(run.problem, principal);
  return { ok: true, principal: run.value === undefined ? principal : { ...principal, run: run.value } };
}

/** The credential is known to be this agent's, and refused all the same. */
export function refuseAgent(agent: Agent, proof: Proof, problem: IdentityProblem): IdentityFact {
  return refused(problem, principalOf(agent, proof));
}

function refused(problem: IdentityProblem, known_agent: Principal): IdentityFact {
  return { ok: false, problem, known_agent };
}

/** Labels have to be valid and equal; of equal ones the strongest assertion is recorded. */
function settleRun(
  runs: readonly Run[],
): Result<Run | undefined, 'IDENTITY_RUN_INVALID' | 'IDENTITY_CONFLICT'> {
  if (!runs.every((run) => ID_PATTERN.test(run.label))) return fail('IDENTITY_RUN_INVALID');
  if (new Set(runs.map((run) => run.label)).size > 1) return fail('IDENTITY_CONFLICT');
  const strongest = ASSERTION_ORDER.find((place) => runs.some((run) => run.asserted_by === place));
  return ok(runs.find((run) => run.asserted_by === strongest));
}

function principalOf(agent: Agent, proof: Proof): Principal {
  return {
    tenant_id: agent.tenant_id,
    agent_id: agent.agent_id,
    team_id: agent.team_id,
    project_id: agent.project_id,
    environment: agent.environment,
    ...(agent.workload_fingerprint === undefined ? {} : { workload_fingerprint: agent.workload_fingerprint }),
    status: agent.status,
    auth_type: proof.binding.kind,
    binding: proof.binding,
    credential_transport: proof.credential_transport,
  };
}
