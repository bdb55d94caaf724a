import type { Agent } from '../core/identity/agent.ts';
import { bindAgent, refuseAgent } from '../core/identity/bind.ts';
import type { Binding, IdentityFact, IdentityProblem, Principal } from '../core/identity/principal.ts';
import type { RawRequest } from '../core/request/egress_request.ts';
import { authenticate, isDead, nobody, type Verifiers } from './authenticate.ts';
import { runsInHeaders } from './credentials.ts';

/** One request inside a tunnel whose owner was authenticated when it was opened. */
export interface ResumedInput {
  readonly owner: Pick<Principal, 'tenant_id' | 'agent_id' | 'binding' | 'credential_transport' | 'run'>;
  readonly headers: RawRequest['headers'];
  /** Wall clock, milliseconds since the epoch. */
  readonly now_ms: number;
}

/**
 * The tunnel's owner as this registry knows it: everything but its name and its proof is read again, so that whoever
 * was disabled, or lost the key, since the tunnel was opened sends nothing more through it. A credential that comes
 * along must be the owner's, too.
 */
export function resume(input: ResumedInput, verifiers: Verifiers): IdentityFact | Promise<IdentityFact> {
  const owner = ownerNow(input, verifiers);
  if (!owner.ok) return owner;
  const { headers, now_ms } = input;
  const transport = input.owner.credential_transport;
  const inside = authenticate({ mode: 'intercepted', headers, transport, now_ms }, verifiers);
  const settle = (fact: IdentityFact) => settled(owner.principal, fact);
  return inside instanceof Promise ? inside.then(settle) : settle(inside);
}

function ownerNow({ owner, headers, now_ms }: ResumedInput, verifiers: Verifiers): IdentityFact {
  const agent = verifiers.registry.agent(owner.tenant_id, owner.agent_id);
  if (agent === undefined) return nobody('IDENTITY_UNKNOWN');
  const { binding, credential_transport, run } = owner;
  const runs = [...(run === undefined ? [] : [run]), ...runsInHeaders(headers)];
  const proof = { binding, credential_transport, runs };
  const problem = lostProof(agent, binding, verifiers, now_ms);
  if (problem !== undefined) return refuseAgent(agent, proof, problem);
  const fact = bindAgent(agent, proof);
  if (fact.ok && binding.kind === 'api_key') verifiers.keyUsed(binding.key_id, now_ms);
  return fact;
}

/** Why what proved the identity then proves it no more. */
function lostProof(
  agent: Agent,
  binding: Binding,
  { registry }: Verifiers,
  now_ms: number,
): IdentityProblem | undefined {
  if (binding.kind === 'jwt')
    return registry.subjectOwner(binding.issuer, binding.subject) === agent ? undefined : 'IDENTITY_UNKNOWN';
  const key = agent.api_keys.find(({ key_id }) => key_id === binding.key_id);
  if (key === undefined) return 'IDENTITY_UNKNOWN';
  return isDead(key, now_ms) ? 'IDENTITY_EXPIRED' : undefined;
}

function settled(owner: Principal, inside: IdentityFact): IdentityFact {
  if (!inside.ok) {
    if (inside.problem === 'IDENTITY_MISSING') return { ok: true, principal: owner };
    const isOwner = inside.known_agent === undefined || sameAgent(inside.known_agent, owner);
    return { ok: false, problem: isOwner ? inside.problem : 'IDENTITY_CONFLICT', known_agent: owner };
  }
  const { run } = inside.principal;
  const isOneRun = run === undefined || owner.run === undefined || run.label === owner.run.label;
  if (!sameAgent(inside.principal, owner) || !isOneRun)
    return { ok: false, problem: 'IDENTITY_CONFLICT', known_agent: owner };
  return { ok: true, principal: run === undefined || owner.run !== undefined ? owner : { ...owner, run } };
}

function sameAgent(a: Principal, b: Principal): boolean {
  return a.tenant_id === b.tenant_id && a.agent_id === b.agent_id;
}
