import { readFileSync } from 'node:fs';
import type { Settings } from '../config/settings.ts';
import { CliError, EXIT } from './exit.ts';

/** Bits of capabilities(7); either lets a socket be transparent. */
const ADMIN_OR_RAW = (1n << 12n) | (1n << 13n);

/** Throws where Envoy, our child, could not open the listener of routed agents. `status` is /proc/self/status. */
export function refuseWithoutCapability(
  { transparent }: Pick<Settings, 'transparent'>,
  status = () => readFileSync('/proc/self/status', 'utf8'),
): void {
  if (transparent.tproxy_port === undefined) return;
  const hex = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(status())?.[1];
  if (hex !== undefined && (BigInt(`0x${hex}`) & ADMIN_OR_RAW) !== 0n) return;
  throw new CliError(
    EXIT.unavailable,
    `transparent.tproxy_port: ${transparent.tproxy_port} needs CAP_NET_ADMIN, which this user does not have`,
    'run `clawgress up` as a service with AmbientCapabilities=CAP_NET_ADMIN (or as root), or leave transparent.tproxy_port out',
  );
}
