import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ENVIRONMENT, findProgram, NftError } from './nft.ts';
import { listingOf, ROUTE_PARTS, type RoutePart, routeScript } from './policy_route.ts';

const SWITCH = '/proc/sys/net/ipv6/conf/lo/disable_ipv6';
const TIMEOUT_MS = 20_000;

/** The policy route of this host, in the network namespace of this process. */
export class PolicyRoute {
  /** Absolute path of `ip`; undefined when it is not installed: then there is no route of ours either. */
  readonly path: string | undefined;

  constructor(path: string | undefined = findProgram('ip')) {
    this.path = path;
  }

  /** What is there now. */
  parts(): readonly RoutePart[] {
    const { path } = this;
    if (path === undefined) return [];
    return ROUTE_PARTS.filter((part) => {
      const { args, line } = listingOf(part);
      const done = spawnSync(path, args, { encoding: 'utf8', env: ENVIRONMENT, timeout: TIMEOUT_MS });
      // A table that has no route does not exist, which `ip` calls an error.
      return done.status === 0 && done.stdout.includes(line);
    });
  }

  /** What should be there: the whole route, or nothing. */
  wanted(isWanted: boolean): readonly RoutePart[] {
    if (!isWanted) return [];
    const hasIpv6 = isIpv6On();
    return ROUTE_PARTS.filter((part) => hasIpv6 || part.endsWith('4'));
  }

  /** Makes exactly these parts be there. Throws NftError when that fails. */
  set(parts: readonly RoutePart[]): void {
    const { path } = this;
    if (path === undefined) {
      if (parts.length === 0) return;
      throw new NftError('the program `ip` (package iproute2) is not installed');
    }
    const args = ['-c', routeScript(parts), '/bin/sh', path];
    const done = spawnSync('/bin/sh', args, { encoding: 'utf8', env: ENVIRONMENT, timeout: TIMEOUT_MS });
    if (done.status === 0) return;
    throw new NftError(`${path}: ${done.stderr.trim() || `ended with status ${done.status}`}`);
  }
}

export function sameParts(left: readonly RoutePart[], right: readonly RoutePart[]): boolean {
  return left.length === right.length && left.every((part) => right.includes(part));
}

function isIpv6On(): boolean {
  try {
    return readFileSync(SWITCH, 'utf8').trim() === '0';
  } catch {
    return false;
  }
}
