import { Resolver } from 'node:dns/promises';
import { readRegistryFile } from '../authn/registry_file.ts';
import type { Settings } from '../config/settings.ts';
import { transparentPorts } from '../config/transparent.ts';
import type { Agent } from '../core/identity/agent.ts';
import { type ShownAuthority, shownAuthorities } from './ca_show.ts';
import type { Finding, Patient } from './doctor_checks.ts';
import { tryPort } from './ports.ts';

const DAY_MS = 86_400_000;
/** A root is rotated with an overlap, and agents have to read the new bundle before. */
const ENDING_DAYS = 60;
/** User ids that are named at most. */
const SHOWN = 5;
const DNS_TIMEOUT_MS = 1_000;
/** RFC 6761: nobody has it, so every answer is right except silence. */
const NOBODY = 'doctor.invalid';

/** The authority that signs what agents see inside TLS has to outlive the next look at it. */
export function checkAuthority({ layout }: Pick<Patient, 'layout'>): Finding {
  return authorityFinding(shownAuthorities(layout), Date.now());
}

export function authorityFinding(all: readonly ShownAuthority[], now_ms: number): Finding {
  const check = 'authority';
  const signs = all.find(({ state }) => state === 'signs');
  if (signs === undefined) {
    const detail = 'no authority signs: where a rule says tls: intercept, nothing passes';
    return { check, status: all.length === 0 ? 'warn' : 'fail', detail, fix: 'clawgress ca rotate' };
  }
  const days = Math.floor((Date.parse(signs.not_after) - now_ms) / DAY_MS);
  const detail = `${signs.name} signs until ${signs.not_after}`;
  const follows = all.some(({ state, not_after }) => state === 'waiting' && not_after > signs.not_after);
  if (days >= ENDING_DAYS || follows) return { check, status: 'ok', detail };
  return { check, status: 'warn', detail: `${detail}: ${days} days`, fix: 'clawgress ca rotate' };
}

/** What redirects connections, and what they are redirected to, has to be the same list. */
export async function checkTransparent({ settings, up }: Pick<Patient, 'settings' | 'up'>): Promise<Finding> {
  const check = 'transparent';
  const ports = transparentPorts(settings);
  const agents = readRegistryFile(settings.registry_file).agents;
  const disagreement = uidDisagreement(settings) ?? sourceDisagreement(settings, agents);
  if (disagreement !== undefined) return { check, status: 'warn', ...disagreement };
  if (ports.length === 0) return { check, status: 'ok', detail: 'off' };
  if (up === undefined) return { check, status: 'ok', detail: `${ports.length} ports; not running` };
  const tried = await Promise.all(ports.map(({ port }) => tryPort('127.0.0.1', port)));
  const silent = ports.filter((_, index) => tried[index] !== 'EADDRINUSE').map(({ port }) => port);
  if (silent.length === 0)
    return { check, status: 'ok', detail: `listening on ${ports.map(({ port }) => port).join(', ')}` };
  return {
    ...{ check, status: 'fail', fix: 'restart clawgress up' },
    detail: `nobody listens on ${silent.join(', ')}: what is redirected there is refused`,
  };
}

/** A listener without its user is never reached; a user without a listener needs the one for everybody. */
export function uidDisagreement(
  settings: Pick<Settings, 'transparent' | 'interception_host'>,
): Pick<Finding, 'detail' | 'fix'> | undefined {
  const { uid_listeners, redirect_port } = settings.transparent;
  const ranges = settings.interception_host.agent_uids.map(rangeOf);
  const isHeld = (uid: number) => ranges.some(([from, to]) => from <= uid && uid <= to);
  const strangers = uid_listeners.filter(({ uid }) => !isHeld(uid)).map(({ uid }) => uid);
  if (strangers.length > 0) {
    const which = strangers.join(', ');
    return {
      detail: `transparent.uid_listeners has ${which}, which interception_host.agent_uids does not hold: nothing leads there`,
      fix: `add ${which} to interception_host.agent_uids, then clawgress intercept nftables apply`,
    };
  }
  if (uid_listeners.length === 0 || redirect_port !== undefined) return undefined;
  const held = ranges.reduce((sum, [from, to]) => sum + Math.max(0, to - from + 1), 0);
  if (held === uid_listeners.length) return undefined;
  return {
    detail: `${held} user ids in interception_host.agent_uids and ${uid_listeners.length} in transparent.uid_listeners: the others are not redirected, only refused`,
    fix: 'give each a listener in transparent.uid_listeners, or set transparent.redirect_port for the rest',
  };
}

/** A source without a listener says nothing, and whoever comes to a listener without one needs a key. */
export function sourceDisagreement(
  { transparent }: Pick<Settings, 'transparent'>,
  agents: readonly Agent[],
): Pick<Finding, 'detail' | 'fix'> | undefined {
  const sources = agents.flatMap((agent) => agent.sources ?? []);
  const bound = sources.flatMap((source) => (source.kind === 'uid' ? [source.uid] : []));
  const listening = transparent.uid_listeners.map(({ uid }) => uid);
  const deaf = bound.filter((uid) => !listening.includes(uid));
  if (deaf.length > 0) {
    const which = deaf.slice(0, SHOWN).join(', ');
    return {
      detail: `user ids ${which} are bound to agents, but transparent.uid_listeners has no port for them`,
      fix: `add ${deaf[0]}=<port> to transparent.uid_listeners, or clawgress agent unbind AGENT --uid ${deaf[0]}`,
    };
  }
  const unbound = listening.filter((uid) => !bound.includes(uid));
  if (unbound.length > 0) {
    return {
      detail: `user ids ${unbound.slice(0, SHOWN).join(', ')} have a listener but no agent: each request needs a key`,
      fix: `clawgress agent bind AGENT --uid ${unbound[0]}`,
    };
  }
  const isBySource = transparent.tproxy_port !== undefined && transparent.tproxy_identity === 'source';
  if (!isBySource || sources.some(({ kind }) => kind === 'cidr')) return undefined;
  return {
    detail:
      'transparent.tproxy_port knows agents by their network, and no agent has one: each request needs a key',
    fix: 'clawgress agent bind AGENT --cidr <network>',
  };
}

function rangeOf(text: string): readonly [number, number] {
  const [from = '', to = from] = text.split('-');
  return [Number(from), Number(to)];
}

/** Whether the agents' resolver answers at all: a name that nobody has gets NXDOMAIN. */
export async function checkResolver({ settings, up }: Pick<Patient, 'settings' | 'up'>): Promise<Finding> {
  const check = 'resolver';
  const { address, port } = settings.resolver;
  if (port === undefined) return { check, status: 'ok', detail: 'off' };
  const where = `${address} port ${port}`;
  if (up === undefined) return { check, status: 'ok', detail: `${where}; not running` };
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: 1 });
  resolver.setServers([address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`]);
  const answer = await resolver.resolve4(NOBODY).then(
    () => 'an address',
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
  if (answer === 'ENOTFOUND') return { check, status: 'ok', detail: `answers on ${where}` };
  return {
    ...{ check, status: 'fail', fix: 'restart clawgress up; `ss -lunp` names who has the port' },
    detail: `${where} gives ${answer} for ${NOBODY}, which nobody has`,
  };
}
