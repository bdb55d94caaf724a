import type { Listener } from './guard.ts';

/** One chain; a base chain begins with its `type … hook …` line. */
export function chain(name: string, lines: readonly string[]): string {
  return `chain ${name} {\n${lines.map((line) => `\t${line}`).join('\n')}\n}`;
}

/** A chain at a hook of the kernel. What no rule catches is not ours to judge. */
export function hooked(name: string, hook: 'input' | 'forward' | 'output', lines: readonly string[]): string {
  return chain(name, [`type filter hook ${hook} priority filter; policy accept;`, ...lines]);
}

/** Accepts TCP to the port of a listener of the gateway. */
export function toListener({ family, address, port }: Listener): string {
  const where =
    address === undefined ? `meta nfproto ipv${family}` : `${family === 4 ? 'ip' : 'ip6'} daddr ${address}`;
  return `${where} tcp dport ${port} counter name "passed_gateway" accept`;
}
