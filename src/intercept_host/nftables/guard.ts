import { fail, ok, type Result } from '../../core/result.ts';
import { type Allowance, parseAllowance } from './allowance.ts';
import { holdsId, type IdRange, mergeIdRanges, parseIdRange } from './id_range.ts';
import { parseInterfaceName } from './interface_name.ts';
import { type Network, parseNetwork } from './network.ts';
import type { GuardProblem } from './problem.ts';
import {
  listenerConflicts,
  parseTransparent,
  type ResolverInput,
  type Transparent,
  type TransparentInput,
} from './transparent.ts';

/** Where agents find the gateway, as its settings say. */
export interface ListenerPlace {
  /** Dotted key of the setting, for messages. */
  readonly key: string;
  /** An address; `0.0.0.0` and `::` stand for all of this host. */
  readonly address: string;
  readonly port: number;
}

/** Settings as text, believed by nobody yet. */
export interface GuardInput {
  readonly agent_uids: readonly string[];
  readonly agent_gids: readonly string[];
  readonly agent_interfaces: readonly string[];
  readonly agent_cidrs: readonly string[];
  readonly allow: readonly string[];
  readonly log_denied: boolean;
  /** Whoever runs the gateway; never among the agents. */
  readonly gateway_uid: number;
  readonly listeners: readonly ListenerPlace[];
  readonly transparent: TransparentInput;
  readonly resolver: ResolverInput;
}

export interface Listener {
  readonly family: 4 | 6;
  /** Undefined: every address of this host. */
  readonly address: string | undefined;
  readonly isLoopback: boolean;
  readonly port: number;
}

/** What the rules are rendered from: every text in it has passed a parser that knows what may stand in a rule. */
export interface Guard {
  readonly agentUids: readonly IdRange[];
  readonly agentGids: readonly IdRange[];
  readonly interfaces: readonly string[];
  readonly sources: readonly Network[];
  readonly allowances: readonly Allowance[];
  readonly listeners: readonly Listener[];
  readonly gatewayUid: number;
  readonly logDenied: boolean;
  readonly transparent: Transparent;
}

const AT = 'interception_host';
const ROOT = 0;
const ID_SYNTAX = 'an id such as 2001, or a range such as 2001-2010';
const NETWORK_SYNTAX = 'an address or 10.1.0.0/16, with no bit set beyond the length';
const ALLOWANCE_SYNTAX =
  'tcp or udp, address and port: tcp:10.1.2.3:5432, tcp:10.1.0.0/16:443, udp:[fd00::53]:53; not everything';

/** Parses every setting strictly; all problems at once. */
export function parseGuard(input: GuardInput): Result<Guard, readonly GuardProblem[]> {
  const problems: GuardProblem[] = [];
  const each = <T>(
    key: string,
    texts: readonly string[],
    allowed: string,
    parse: (text: string) => T | undefined,
  ) =>
    texts.flatMap((text) => {
      const value = parse(text);
      if (value === undefined) problems.push({ key: `${AT}.${key}`, found: JSON.stringify(text), allowed });
      return value === undefined ? [] : [value];
    });
  const guard: Guard = {
    agentUids: mergeIdRanges(each('agent_uids', input.agent_uids, ID_SYNTAX, parseIdRange)),
    agentGids: mergeIdRanges(each('agent_gids', input.agent_gids, ID_SYNTAX, parseIdRange)),
    interfaces: unique(
      each('agent_interfaces', input.agent_interfaces, 'an interface name, not lo', parseInterfaceName),
    ),
    sources: uniqueNetworks(each('agent_cidrs', input.agent_cidrs, NETWORK_SYNTAX, agentNetwork)),
    allowances: each('allow', input.allow, ALLOWANCE_SYNTAX, parseAllowance),
    listeners: input.listeners.flatMap((place) => listenerOf(place, problems)),
    gatewayUid: input.gateway_uid,
    logDenied: input.log_denied,
    transparent: parseTransparent(input.transparent, input.resolver, problems),
  };
  problems.push(...(problems.length === 0 ? conflicts(guard) : []));
  return problems.length > 0 ? fail(problems) : ok(guard);
}

/** True when agents are processes of this host, told apart by their ids. */
export function guardsHost(guard: Guard): boolean {
  return guard.agentUids.length > 0 || guard.agentGids.length > 0;
}

/** True when agents sit behind an interface or in a network that this host forwards for. */
export function guardsRouted(guard: Guard): boolean {
  return guard.interfaces.length > 0 || guard.sources.length > 0;
}

/** True when connections of agents on this host are led to listeners of the gateway. */
export function redirectsHost(guard: Guard): boolean {
  const { redirectPort, uidListeners } = guard.transparent;
  return guardsHost(guard) && (redirectPort !== undefined || uidListeners.length > 0);
}

/** True when connections of agents behind this host are led to the gateway: they need a route of their own. */
export function divertsRouted(guard: Guard): boolean {
  return guardsRouted(guard) && guard.transparent.tproxyPort !== undefined;
}

function conflicts(guard: Guard): GuardProblem[] {
  const problems: GuardProblem[] = [];
  const add = (key: string, found: string, allowed: string) =>
    problems.push({ key: `${AT}.${key}`, found, allowed });
  if (!guardsHost(guard) && !guardsRouted(guard))
    add(
      'agent_uids',
      'no agents',
      'agent_uids or agent_gids on this host, agent_interfaces or agent_cidrs behind it',
    );
  if (holdsId(guard.agentUids, ROOT))
    add('agent_uids', '0, which is root', 'ids of agents: root cannot be held');
  if (holdsId(guard.agentGids, ROOT)) add('agent_gids', "0, root's group", 'groups that only agents have');
  if (holdsId(guard.agentUids, guard.gatewayUid))
    add(
      'agent_uids',
      `${guard.gatewayUid}, who runs the gateway`,
      'another user for agents than for the gateway',
    );
  problems.push(...listenerConflicts(guard.transparent, guard.agentUids));
  if (guardsRouted(guard)) problems.push(...unreachable(guard));
  return problems;
}

/** What agents behind an interface could not reach. */
function unreachable(guard: Guard): GuardProblem[] {
  const problems: GuardProblem[] = [];
  if (guard.listeners.every(({ isLoopback }) => isLoopback) && !divertsRouted(guard))
    problems.push({
      key: `${AT}.agent_interfaces`,
      found: 'listeners on loopback only, which nobody behind an interface can reach',
      allowed:
        'explicit_proxy.address (or base_url.address) set to the address that agents dial, or transparent.tproxy_port',
    });
  if (guard.transparent.resolver?.isLoopback === true)
    problems.push({
      key: 'resolver.address',
      found: 'a loopback address, which nobody behind an interface can reach',
      allowed: 'the address of this host on the side of the agents',
    });
  return problems;
}

/** Agents in `0.0.0.0/0` would be everybody, the host's own traffic included. */
function agentNetwork(text: string): Network | undefined {
  const network = parseNetwork(text);
  return network === undefined || network.prefix === 0 ? undefined : network;
}

function listenerOf(place: ListenerPlace, problems: GuardProblem[]): Listener[] {
  const network = parseNetwork(place.address);
  if (network === undefined || place.address.includes('/')) {
    problems.push({
      key: `${place.key}.address`,
      found: JSON.stringify(place.address),
      allowed: 'an address',
    });
    return [];
  }
  const { family, text } = network;
  const isLoopback = text === '::1' || (family === 4 && text.startsWith('127.'));
  const isAll = text === '0.0.0.0' || text === '::';
  return [{ family, address: isAll ? undefined : text, isLoopback, port: place.port }];
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

function uniqueNetworks(networks: readonly Network[]): readonly Network[] {
  return networks.filter(({ text }, index) => networks.findIndex((other) => other.text === text) === index);
}
