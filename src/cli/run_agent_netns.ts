import { join } from 'node:path';
import { netnsArguments } from '../clients/netns_plan.ts';
import type { GatewayPlace } from '../clients/netns_relay.ts';
import { tryNetns } from '../clients/netns_trial.ts';
import type { Environment } from '../config/environment.ts';
import type { Endpoints } from './endpoints.ts';
import { CliError, EXIT } from './exit.ts';
import { PACKAGE_ROOT } from './package_root.ts';

const LISTENER = join(PACKAGE_ROOT, 'dist', 'clients', 'netns_listener.js');
const INSIDE = '127.0.0.1';

/** A command in a network of its own, and what stands for the gateway there. */
export interface Confined {
  /** The gateway as it is reached inside: the same ports, always of loopback. */
  readonly endpoints: Endpoints;
  /** By port inside. */
  readonly places: ReadonlyMap<number, GatewayPlace>;
  /** Program and arguments that start the command there. */
  readonly start: (command: readonly string[]) => readonly [string, ...string[]];
}

/** Throws with the next step where no namespace can be made. */
export function confine(endpoints: Endpoints, env: Environment): Confined {
  const mode = tryNetns(env['PATH'] ?? '', process.geteuid?.() ?? 0);
  if (!mode.ok) throw new CliError(EXIT.unavailable, mode.problem.problem, mode.problem.next);
  const places = [placeOf(endpoints.explicit_proxy), placeOf(endpoints.base_url)] as const;
  const [proxy, base] = places;
  const ports = [proxy.port, base.port] as const;
  return {
    endpoints: {
      ...endpoints,
      explicit_proxy: `http://${INSIDE}:${proxy.port}`,
      base_url: `http://${INSIDE}:${base.port}`,
    },
    places: new Map(places.map((place) => [place.port, place])),
    start: (command) => [
      'unshare',
      ...netnsArguments(mode.value, { node: process.execPath, listener: LISTENER, ports, command }),
    ],
  };
}

function placeOf(url: string): GatewayPlace {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
}
