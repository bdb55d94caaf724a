import type { Message } from '../../../src/intercept/config/typed.ts';

/** Rewrites every object of the tree; children first. */
function rewrite(tree: unknown, change: (node: Record<string, unknown>) => unknown): unknown {
  if (Array.isArray(tree))
    return tree.map((child) => rewrite(child, change)).filter((child) => child !== undefined);
  if (typeof tree !== 'object' || tree === null) return tree;
  const entries = Object.entries(tree).map(([key, child]) => [key, rewrite(child, change)]);
  return change(Object.fromEntries(entries));
}

/** Changes each object of a configuration. */
export const edit =
  (change: (node: Record<string, unknown>) => unknown) =>
  (config: Message): Message =>
    rewrite(config, change) as Message;
/** A configuration without the filter of this name, in every chain. */
export const without = (name: string) =>
  edit((node) => (node['name'] === name && node['typed_config'] !== undefined ? undefined : node));

/** Tells every Check filter to let requests pass when nobody answers. */
export const failOpen = edit((node) =>
  node['failure_mode_allow'] === false ? { ...node, failure_mode_allow: true } : node,
);

/** Changes one listener and leaves the others as they are. */
export const inListener = (
  name: string,
  change: (config: Message) => Message,
): ((config: Message) => Message) =>
  edit((node) => (node['name'] === name && node['filter_chains'] !== undefined ? change(node) : node));
