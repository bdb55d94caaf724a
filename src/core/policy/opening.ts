import type { EgressRequest, TunnelMode } from '../request/egress_request.ts';
import type { PlanMatch } from './plan.ts';
import type { Tri } from './predicates.ts';

/** What the allow rules would make of a CONNECT, whatever denies it. `none`: some layer opens nothing, or no CONNECT. */
export type Opening = TunnelMode | 'none';

const STRICTEST_FIRST: readonly TunnelMode[] = ['intercept', 'passthrough', 'raw'];

/** 0 for the tunnel that lets the least through; what opens none comes last. */
export function laxityOf(tunnel: TunnelMode | undefined): number {
  return tunnel === undefined ? STRICTEST_FIRST.length : STRICTEST_FIRST.indexOf(tunnel);
}

export function strictest(tunnels: readonly (TunnelMode | undefined)[]): Opening {
  return STRICTEST_FIRST.find((tunnel) => tunnels.includes(tunnel)) ?? 'none';
}

/**
 * The opening of a connection. One that is known to carry no TLS has nothing to intercept and no name to check, so only
 * a raw tunnel is one.
 */
export function openingFor(request: EgressRequest, opening: Opening): Opening {
  const isPlain = request.mode === 'transparent' && request.visibility === 'authority';
  return isPlain && opening !== 'raw' ? 'none' : opening;
}

/** Whether a match is about CONNECTs and about no request inside an intercepted tunnel: those have the scheme https. */
export function isOfConnects({ kind, schemes }: PlanMatch): boolean {
  return kind === 'connect' || (schemes?.has('tcp') === true && !schemes.has('https'));
}

/** Whether a rule that denies, observes or counts has a say on a CONNECT, now that its opening is known. */
export function countsFor(match: PlanMatch, result: Tri, opening: Opening): boolean {
  if (result === 'no') return false;
  if (match.kind === 'tcp') return opening === 'raw';
  // What is unknown now is asked again inside; but nothing inside is a CONNECT, so a rule about those has its say here.
  return result === 'yes' || opening !== 'intercept' || isOfConnects(match);
}

/** Whether an exception that surely speaks of tunnels of one kind takes a CONNECT out of a deny rule. */
export function liftsFor(speaksOf: TunnelMode | undefined, denied: PlanMatch, opening: Opening): boolean {
  // An exception for requests holds, or does not, for each request inside; so the rule must be asked there, too.
  if (speaksOf === 'intercept') return opening === 'intercept' && !isOfConnects(denied);
  return speaksOf === 'raw' ? opening === 'raw' : speaksOf === 'passthrough' && opening !== 'raw';
}
