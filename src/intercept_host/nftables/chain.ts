import type { Listener } from './guard.ts';

/** One chain; a base chain begins with its `type … hook …` line. */
export function chain(name: string, lines: readonly string[]): string {
  return `chain ${name} {\n${lines.map((line) => `\t${line}`).join('\n')}\n}`;
}

/** A chain at a hook of the kernel. What no rule catches is not ours to judge. */
export function hooked(
  name: string,
  hook: 'input' | 'forward' | 'output' | 'prerouting',
  lines: readonly string[],
  priority: 'filter' | 'mangle' | 'raw' = 'filter',
): string {
  return chain(name, [`type filter hook ${hook} priority ${priority}; policy accept;`, ...lines]);
}

/**
 * A chain that sees the first packet of each connection, and may change where all of them go. A little before everybody
 * else's: the first one that decides has decided.
 */
export function translating(name: string, hook: 'output' | 'prerouting', lines: readonly string[]): string {
  return chain(name, [`type nat hook ${hook} priority -110; policy accept;`, ...lines]);
}

/** Accepts TCP to the port of a listener of the gateway. */
export function toListener({ family, address, port }: Listener): string {
  const where =
    address === undefined ? `meta nfproto ipv${family}` : `${family === 4 ? 'ip' : 'ip6'} daddr ${address}`;
  return `${where} tcp dport ${port} counter name "passed_gateway" accept`;
}
