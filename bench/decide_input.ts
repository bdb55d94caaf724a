import type { IdentityFact } from '../src/core/identity/principal.ts';
import { samplePrincipal, sampleRequest } from '../src/core/policy/sample_request.ts';
import type { EgressRequest } from '../src/core/request/egress_request.ts';
import type { Match, PolicyDocument, Rule } from '../src/gen/policy_document.ts';

/** One thing to decide. */
export interface Question {
  readonly identity: IdentityFact;
  readonly request: EgressRequest;
}

const QUESTIONS = 20_000;
const TEAMS = 200;
const AGENTS = 2_000;
const ENVIRONMENTS = ['prod', 'staging', 'dev'];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const PREFIXES = ['/v1', '/v1/items', '/v2', '/admin', '/reports', '/export'];

/** Deterministic, so that two runs judge the same. mulberry32. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof generator>;

const hostOf = (n: number): string => `api-${n}.svc${n % 50}.example.com`;
const pick = (random: Random, list: readonly string[]): string => list[random(list.length)] ?? '';

/**
 * What large documents look like: mostly allow rules for one team and one host with methods or paths, some wildcards,
 * tunnels and rules that observe, denies for paths of one host, and a handful of denies that look at every request.
 */
export function documentOf(rules: number, hosts: number): PolicyDocument {
  const random = generator(hosts);
  return {
    schema: 'clawgress/policy/v1',
    id: 'bench',
    rules: Array.from({ length: rules }, (_, i) => ruleOf(i, hosts, random)),
    limits: [{ id: 'everybody', per: 'agent', rps: 1_000 }],
  };
}

function ruleOf(i: number, hosts: number, random: Random): Rule {
  const id = `rule-${i}`;
  if (i < 5) return { id, action: 'deny', match: { path_prefixes: [`/internal-${i}`] } };
  const host = hostOf(random(hosts));
  const shape = random(100);
  const team = { agent: { team_id: [`team-${random(TEAMS)}`] as [string] } };
  const agent = { agent: { agent_id: [`agent-${random(AGENTS)}`] as [string] } };
  const destination = { hosts: [host] as [string] };
  if (shape < 5) return { id, action: 'alert', match: { ...agent, destination } };
  if (shape < 13)
    return { id, action: 'deny', match: { destination, path_prefixes: ['/admin/keys'], ...team } };
  if (shape < 23) {
    const below = { hosts: [`*.svc${random(50)}.example.com`] as [string] };
    return { id, action: 'allow', match: { ...agent, destination: below } };
  }
  if (shape < 28)
    return { id, action: 'allow', match: { ...team, destination, protocol: { kind: 'connect' } } };
  const match: Match = {
    ...(shape < 70 ? team : agent),
    destination,
    ...(shape % 2 === 0 ? { methods: [pick(random, METHODS), 'HEAD'] as [string, string] } : {}),
    ...(shape % 3 === 0 ? { path_prefixes: [pick(random, PREFIXES)] as [string] } : {}),
  };
  return { id, action: 'allow', match };
}

/** Half of the requests are what some allow rule names, the others are of known agents to any host. */
export function questionsFor({ rules }: PolicyDocument, hosts: number): readonly Question[] {
  const random = generator(7);
  const named = rules.filter(({ action, match }) => action === 'allow' && isPlain(match));
  return Array.from({ length: QUESTIONS }, (_, i) => {
    const match = i % 2 === 0 ? named[random(named.length)]?.match : undefined;
    const agent = agentFor(match, random);
    const principal = samplePrincipal({
      agent_id: `agent-${agent}`,
      team_id: `team-${agent % TEAMS}`,
      project_id: `project-${agent % 40}`,
      environment: pick(random, ENVIRONMENTS),
    });
    const elsewhere = random(10) === 0 ? `elsewhere-${random(1_000)}.example.net` : hostOf(random(hosts));
    const host = match?.destination?.hosts?.[0] ?? elsewhere;
    const path = `${match?.path_prefixes?.[0] ?? pick(random, PREFIXES)}/item-${random(1_000)}`;
    const method = match?.methods?.[0] ?? pick(random, METHODS);
    const request = sampleRequest({ method, url: `https://${host}${path}` });
    if (!request.ok) throw new Error(request.problem);
    return { identity: { ok: true, principal }, request: request.value };
  });
}

/** One exact host, and no tunnel. */
function isPlain(match: Match | undefined): boolean {
  return match?.protocol === undefined && match?.destination?.hosts?.[0]?.startsWith('*') === false;
}

/** An agent that the match covers; any when there is none. */
function agentFor(match: Match | undefined, random: Random): number {
  const { agent_id, team_id } = match?.agent ?? {};
  const numberOf = (id: string) => Number(id.slice(id.indexOf('-') + 1));
  if (agent_id?.[0] !== undefined) return numberOf(agent_id[0]);
  if (team_id?.[0] !== undefined) return numberOf(team_id[0]) + TEAMS * random(AGENTS / TEAMS);
  return random(AGENTS);
}
