import type { Agent } from '../core/identity/agent.ts';
import { bindAgent, refuseAgent } from '../core/identity/bind.ts';
import type { Degradation, IdentityFact, IdentityProblem, Principal } from '../core/identity/principal.ts';
import { sourceName } from '../core/identity/source.ts';
import type { RawRequest } from '../core/request/egress_request.ts';
import { authenticate, isDead, nobody, type Verifiers } from './authenticate.ts';
import { runsInHeaders } from './credentials.ts';
import type { RegistryView } from './registry_view.ts';

interface TunnelOwner
  extends Pick<Principal, 'tenant_id' | 'agent_id' | 'binding' | 'credential_transport' | 'run'> {
  readonly degraded?: readonly Degradation[];
}

/** One request inside a tunnel whose owner was authenticated when it was opened. */
export interface ResumedInput {
  readonly owner: TunnelOwner;
  /** Where the client is: an IP address. */
  readonly address: string;
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
  const settle = (fact: IdentityFact) => settled(owner, fact);
  return inside instanceof Promise ? inside.then(settle) : settle(inside);
}

function ownerNow(input: ResumedInput, verifiers: Verifiers): IdentityFact {
  const { owner, headers, now_ms } = input;
  const agent = verifiers.registry.agent(owner.tenant_id, owner.agent_id);
  if (agent === undefined) return nobody('IDENTITY_UNKNOWN');
  const { binding, credential_transport, run, degraded } = owner;
  const runs = [...(run === undefined ? [] : [run]), ...runsInHeaders(headers)];
  const proof = { binding, credential_transport, runs };
  const problem = lostProof(agent, input, verifiers);
  if (problem !== undefined) return refuseAgent(agent, proof, problem);
  const fact = bindAgent(agent, proof);
  if (fact.ok && binding.kind === 'api_key') verifiers.keyUsed(binding.key_id, now_ms);
  return fact.ok && degraded !== undefined ? { ...fact, degraded } : fact;
}

/** Why what proved the identity then proves it no more. */
function lostProof(
  agent: Agent,
  { owner, address, now_ms }: ResumedInput,
  { registry, openEnvironments }: Verifiers,
): IdentityProblem | undefined {
  const { binding, degraded = [] } = owner;
  // What may go unchecked is for the environment to say, and it may have changed its mind.
  if (degraded.length > 0 && !openEnvironments.has(agent.environment)) return 'IDENTITY_STALE_KEYS';
  if (binding.kind === 'jwt')
    return registry.subjectOwner(binding.issuer, binding.subject) === agent ? undefined : 'IDENTITY_UNKNOWN';
  if (binding.kind === 'source') return ownsSource(agent, binding.source, address, registry);
  const key = agent.api_keys.find(({ key_id }) => key_id === binding.key_id);
  if (key === undefined) return 'IDENTITY_UNKNOWN';
  return isDead(key, now_ms) ? 'IDENTITY_EXPIRED' : undefined;
}

/** The entry has to be there still, and for an address no other agent may have got a network around it that fits better. */
function ownsSource(
  agent: Agent,
  source: string,
  address: string,
  registry: RegistryView,
): IdentityProblem | undefined {
  const isBound = agent.sources?.some((one) => sourceName(one) === source) === true;
  const isHere =
    source.startsWith('uid:') || registry.sourceOwner({ kind: 'address', address })?.agent === agent;
  return isBound && isHere ? undefined : 'IDENTITY_UNKNOWN';
}

function settled(outside: IdentityFact & { ok: true }, inside: IdentityFact): IdentityFact {
  const { principal: owner } = outside;
  if (!inside.ok) {
    if (inside.problem === 'IDENTITY_MISSING') return outside;
    const isOwner = inside.known_agent === undefined || sameAgent(inside.known_agent, owner);
    return { ok: false, problem: isOwner ? inside.problem : 'IDENTITY_CONFLICT', known_agent: owner };
  }
  const { run } = inside.principal;
  const isOneRun = run === undefined || owner.run === undefined || run.label === owner.run.label;
  if (!sameAgent(inside.principal, owner) || !isOneRun)
    return { ok: false, problem: 'IDENTITY_CONFLICT', known_agent: owner };
  const label = owner.run ?? run;
  // A credential says more than a place in the network does.
  const { fact, principal } =
    owner.binding.kind === 'source'
      ? { fact: inside, principal: inside.principal }
      : { fact: outside, principal: owner };
  return { ...fact, principal: label === undefined ? principal : { ...principal, run: label } };
}

function sameAgent(a: Principal, b: Principal): boolean {
  return a.tenant_id === b.tenant_id && a.agent_id === b.agent_id;
}
