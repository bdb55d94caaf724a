import { holdsId, type IdRange } from './id_range.ts';
import { parseNetwork } from './network.ts';
import type { GuardProblem } from './problem.ts';

/** Settings of redirection, believed by nobody yet. */
export interface TransparentInput {
  readonly redirect_port?: number;
  readonly uid_listeners: readonly UidListener[];
  readonly tproxy_port?: number;
}

/** Where the agents' resolver listens; no port: there is none. */
export interface ResolverInput {
  readonly address: string;
  readonly port?: number;
}

export interface UidListener {
  readonly uid: number;
  readonly port: number;
}

export interface Place {
  readonly family: 4 | 6;
  readonly address: string;
}

/** Where agents' connections and questions are led, instead of being refused. */
export interface Transparent {
  readonly redirectPort: number | undefined;
  readonly uidListeners: readonly UidListener[];
  readonly tproxyPort: number | undefined;
  readonly resolver: Resolver | undefined;
}

export interface Resolver {
  /** At most one of each family. */
  readonly places: readonly Place[];
  readonly port: number;
  readonly isLoopback: boolean;
}

const PORT_MAX = 65_535;
const UID_MAX = 4_294_967_294;

/** Ports of every listener that takes redirected connections. */
export function transparentPorts({ redirectPort, uidListeners, tproxyPort }: Transparent): readonly number[] {
  return [redirectPort, ...uidListeners.map(({ port }) => port), tproxyPort].filter(
    (port) => port !== undefined,
  );
}

/** Adds to `problems` what cannot become a rule. */
export function parseTransparent(
  input: TransparentInput,
  resolver: ResolverInput,
  problems: GuardProblem[],
): Transparent {
  const port = (key: string, value: number | undefined): void => {
    if (value === undefined || isWithin(value, 1, PORT_MAX)) return;
    problems.push({ key, found: String(value), allowed: 'a port from 1 to 65535' });
  };
  port('transparent.redirect_port', input.redirect_port);
  port('transparent.tproxy_port', input.tproxy_port);
  port('resolver.port', resolver.port);
  const found: Transparent = {
    redirectPort: input.redirect_port,
    uidListeners: input.uid_listeners,
    tproxyPort: input.tproxy_port,
    resolver: resolverOf(resolver, problems),
  };
  problems.push(...uidProblems(input.uid_listeners), ...portProblems(transparentPorts(found)));
  return found;
}

/** Whoever arrives at a listener of a user id is believed to be that user: only an agent that is held may have one. */
export function listenerConflicts(
  { uidListeners }: Transparent,
  agentUids: readonly IdRange[],
): GuardProblem[] {
  return uidListeners
    .filter(({ uid }) => !holdsId(agentUids, uid))
    .map(({ uid }) => ({
      key: 'transparent.uid_listeners',
      found: `user id ${uid}, which interception_host.agent_uids does not hold`,
      allowed: 'user ids of agent_uids: nobody else is redirected',
    }));
}

function uidProblems(listeners: readonly UidListener[]): GuardProblem[] {
  return listeners
    .filter(
      ({ uid, port }, index) =>
        !isWithin(uid, 0, UID_MAX) ||
        !isWithin(port, 1, PORT_MAX) ||
        listeners.findIndex((other) => other.uid === uid) !== index,
    )
    .map(({ uid, port }) => ({
      key: 'transparent.uid_listeners',
      found: `${uid}=${port}`,
      allowed: 'user id = port such as 2001=15011, each user id once',
    }));
}

function portProblems(ports: readonly number[]): GuardProblem[] {
  return ports
    .filter((port, index) => isWithin(port, 1, PORT_MAX) && ports.indexOf(port) !== index)
    .map((port) => ({
      key: 'transparent.uid_listeners',
      found: `port ${port} twice`,
      allowed: 'a port of its own for each listener: the port tells who is there',
    }));
}

/** Bound to every address, a socket of UDP answers from another one than was asked, and the answer is lost. */
function resolverOf({ address, port }: ResolverInput, problems: GuardProblem[]): Resolver | undefined {
  if (port === undefined) return undefined;
  const network = address.includes('/') ? undefined : parseNetwork(address);
  if (network === undefined || network.text === '0.0.0.0' || network.text === '::') {
    const allowed = 'one address of this host, such as 127.0.0.1 or 10.92.0.1';
    problems.push({ key: 'resolver.address', found: JSON.stringify(address), allowed });
    return undefined;
  }
  const place: Place = { family: network.family, address: network.text };
  const isLoopback = place.address === '::1' || (place.family === 4 && place.address.startsWith('127.'));
  // The resolver listens on both loopback addresses then.
  const six: Place = { family: 6, address: '::1' };
  return { places: place.address === '127.0.0.1' ? [place, six] : [place], port, isLoopback };
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
