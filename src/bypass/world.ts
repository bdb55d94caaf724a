import type { Attempt } from './judge.ts';
import type { Place, ProxyPlace } from './places.ts';
import type { ProbeId } from './probes.ts';
import type { Token } from './token.ts';

/** Everything that a run of the probes is told; they read nothing else but sockets, files and /proc. */
export interface World {
  /** 32 hex digits; names this run at the target. */
  readonly nonce: string;
  /** Outside addresses; IPv4 and IPv6 mixed. */
  readonly targets: readonly Place[];
  readonly dnsTarget: Place;
  /** A zone whose name server tells what reached it; undefined: a reserved one that answers nothing. */
  readonly dnsZone?: string;
  readonly resolvers: readonly Place[];
  readonly proxy?: ProxyPlace;
  readonly baseUrl?: Place;
  /** A tunnel that policy allows this agent. */
  readonly allowed?: Place;
  /** A plain request that policy allows this agent. */
  readonly allowedHttp?: Place;
  /** Direct tries that reached the target in a control run. */
  readonly controlled: ReadonlySet<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly state: StatePlaces;
  /** Effective user id. */
  readonly uid: number;
}

export interface StatePlaces {
  readonly dir: string;
  /** The operator named it, so its absence here is an answer. */
  readonly named: boolean;
  readonly sockets: readonly string[];
  readonly secret: readonly string[];
  readonly writable: readonly string[];
}

export type Prober = (world: World) => Promise<readonly Attempt[]>;

export function tokenOf(world: World, probe: ProbeId | 'permitted'): Token {
  return { nonce: world.nonce, probe };
}

/** Nobody can be asked. */
export function untested(attempt: string, saw: string): readonly Attempt[] {
  return [{ attempt, verdict: 'not_tested', saw }];
}
