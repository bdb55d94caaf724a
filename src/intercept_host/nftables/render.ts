import { COUNTERS } from './counters.ts';
import { type Guard, guardsHost, guardsRouted } from './guard.ts';
import { hostChains, hostSets } from './host_chains.ts';
import { listenerGuard, redirectChains, redirectSets } from './redirect_chains.ts';
import { routedChains } from './routed_chains.ts';
import { verdictChains } from './verdict_chains.ts';

/** The one table that is ours; nothing outside it is read or written. */
export const TABLE = 'inet clawgress';

/** Makes the table go away, whether it is there or not. */
export const REMOVE_TABLE = `table ${TABLE}\ndelete table ${TABLE}\n`;

const HEAD = `# Rules of clawgress: agents reach nothing but the gateway. Rendered from the settings; do not edit.
# Look: clawgress intercept nftables status. Away with them: clawgress intercept nftables remove.
`;

/**
 * The whole ruleset as one file for `nft -f`, which is one transaction: the old table goes and the new one comes with
 * no packet in between. Pure; the same guard always gives the same text.
 */
export function renderRuleset(guard: Guard): string {
  const blocks = [
    ...COUNTERS.map((name) => `counter ${name} {\n}`),
    ...(guardsHost(guard) ? hostSets(guard) : []),
    ...redirectSets(guard),
    ...redirectChains(guard),
    ...listenerGuard(guard),
    ...hostChains(guard),
    ...(guardsRouted(guard) ? routedChains(guard) : []),
    ...verdictChains(guard),
  ];
  return `${HEAD}${REMOVE_TABLE}table ${TABLE} {\n${blocks.map(indented).join('\n')}\n}\n`;
}

function indented(block: string): string {
  return block
    .split('\n')
    .map((line) => `\t${line}`)
    .join('\n');
}
