import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { divertsRouted, type Guard, guardsHost } from './guard.ts';
import { ENVIRONMENT, findProgram } from './nft.ts';

/** What the kernel was told elsewhere, and redirection depends on. */
export interface KernelFacts {
  /** A switch of net.ipv4 by the parts of its name, which may hold dots themselves; undefined: this kernel has none. */
  sysctl(...name: readonly string[]): string | undefined;
  /** Interfaces of this host. */
  interfaces(): readonly string[];
  /** True when the routing table knows a way to the address. */
  knowsWay(address: string): boolean;
  /** True when the routing table uses that interface for IPv4. */
  routesVia(interfaceName: string): boolean;
}

/** Addresses of the resolver's blocks, which nothing answers but which need a route to be sent to at all. */
export interface Blocks {
  readonly ipv4: string;
}

/** Each a sentence that says what would not work, and what to do. */
export function kernelWarnings(guard: Guard, blocks: Blocks, facts: KernelFacts): readonly string[] {
  const warnings: string[] = [];
  const { resolver } = guard.transparent;
  const first = blocks.ipv4.split('/')[0] ?? '';
  if (guardsHost(guard) && resolver !== undefined && !facts.knowsWay(first))
    warnings.push(
      `this host has no route to ${blocks.ipv4}, where the resolver sends agents: they get "network is unreachable" before any rule sees them; add a default route, or \`ip route add ${blocks.ipv4} dev lo\``,
    );
  return divertsRouted(guard) ? [...warnings, ...divertWarnings(guard, facts)] : warnings;
}

function divertWarnings(guard: Guard, facts: KernelFacts): readonly string[] {
  const names = guard.interfaces.length > 0 ? guard.interfaces : facts.interfaces();
  // The larger of the two values counts.
  const inEffect = (name: string, one: string) =>
    Math.max(...['all', one].map((place) => Number(facts.sysctl('conf', place, name) ?? 0)));
  const marked = names.filter((one) => inEffect('src_valid_mark', one) === 1);
  // 1 is strict: an agent must be reached through the interface that it comes from.
  const strict = guard.interfaces.filter((one) => inEffect('rp_filter', one) === 1 && !facts.routesVia(one));
  return [
    ...marked.map(
      (one) =>
        `net.ipv4.conf.all.src_valid_mark or that of ${one} is 1: the kernel drops diverted packets as martians; set both to 0`,
    ),
    ...strict.map(
      (one) =>
        `net.ipv4.conf.*.rp_filter is 1 and no IPv4 route leads through ${one}: the kernel drops what agents send from there; add their route, or set net.ipv4.conf.${one}.rp_filter to 2`,
    ),
    ...(facts.sysctl('tcp_fwmark_accept') === '1'
      ? [
          'net.ipv4.tcp_fwmark_accept is 1: answers to diverted connections would come back to this host; set it to 0',
        ]
      : []),
  ];
}

const SWITCHES = '/proc/sys/net/ipv4';
const ROUTE_TIMEOUT_MS = 5_000;

/** Of the network namespace of this process. */
export function kernelFacts(): KernelFacts {
  const ip = findProgram('ip');
  const routes = (...args: string[]) => {
    if (ip === undefined) return undefined;
    const done = spawnSync(ip, ['-4', 'route', ...args], {
      encoding: 'utf8',
      env: ENVIRONMENT,
      timeout: ROUTE_TIMEOUT_MS,
    });
    return done.status === 0 ? done.stdout : '';
  };
  return {
    sysctl: (...name) => readSwitch(name),
    interfaces: () =>
      readdirSync(join(SWITCHES, 'conf')).filter((name) => name !== 'all' && name !== 'default'),
    // Without `ip` nothing is known, and nothing is said.
    knowsWay: (address) => routes('get', address) !== '',
    routesVia: (name) => routes('show', 'dev', name) !== '',
  };
}

function readSwitch(name: readonly string[]): string | undefined {
  try {
    return readFileSync(join(SWITCHES, ...name), 'utf8').trim();
  } catch {
    return undefined;
  }
}
