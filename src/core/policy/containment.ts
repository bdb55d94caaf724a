import type { CallMatch } from './ai_predicates.ts';
import { AGENT_KEYS, type HostSet, type PlanMatch } from './plan.ts';
import { parentsOf } from './predicates.ts';

/**
 * True when every request that `inner` can match is also matched by `outer`. May say no where the answer is yes,
 * never the other way round. Protocol kinds are compared as a deny rule reads them (absent: both).
 */
export function contains(outer: PlanMatch, inner: PlanMatch): boolean {
  return (
    AGENT_KEYS.every((key) => listContains(outer.agent?.get(key), inner.agent?.get(key))) &&
    hostsContain(outer, inner) &&
    listContains(outer.ports, inner.ports) &&
    listContains(outer.schemes, inner.schemes) &&
    listContains(outer.methods, inner.methods) &&
    (outer.kind === undefined || outer.kind === inner.kind) &&
    callsContain(outer.call ?? {}, inner.call ?? {}) &&
    prefixesContain(outer.pathPrefixes, inner.pathPrefixes) &&
    // A rule that wants fewer parameters absent matches more.
    (outer.queryAbsent ?? []).every((name) => inner.queryAbsent?.includes(name) === true)
  );
}

function listContains<T>(outer: ReadonlySet<T> | undefined, inner: ReadonlySet<T> | undefined): boolean {
  if (!outer) return true;
  if (!inner || inner.size > outer.size) return false;
  for (const value of inner) if (!outer.has(value)) return false;
  return true;
}

/** Of two lists of tools it is not told which is wider. */
function callsContain(outer: CallMatch, inner: CallMatch): boolean {
  const isModel = (name: string) => outer.models?.some((wider) => covers(wider, name)) === true;
  return (
    listContains(outer.providers, inner.providers) &&
    listContains(outer.endpoints, inner.endpoints) &&
    listContains(outer.methods, inner.methods) &&
    listContains(outer.targets, inner.targets) &&
    (outer.models === undefined || inner.models?.every(isModel) === true) &&
    isSameList(outer.toolsOnly, inner.toolsOnly) &&
    isSameList(outer.toolsAnyOf, inner.toolsAnyOf)
  );
}

function covers(wider: string, name: string): boolean {
  return wider.endsWith('*') ? name.startsWith(wider.slice(0, -1)) : wider === name;
}

function isSameList(outer: ReadonlySet<string> | undefined, inner: ReadonlySet<string> | undefined): boolean {
  return outer === undefined || (listContains(outer, inner) && listContains(inner, outer));
}

function hostsContain(outer: PlanMatch, inner: PlanMatch): boolean {
  if (!outer.hosts)
    return !outer.anyHost || inner.anyHost || (inner.hosts !== undefined && !hasAddress(inner.hosts));
  if (!inner.hosts) return false;
  const { hosts } = outer;
  const below = (host: string) => [...parentsOf(host)].some((parent) => hosts.parents.has(parent));
  return (
    [...inner.hosts.exact].every((host) => hosts.exact.has(host) || below(host)) &&
    [...inner.hosts.parents].every((parent) => hosts.parents.has(parent) || below(parent))
  );
}

function hasAddress({ exact }: HostSet): boolean {
  return [...exact].some((host) => host.includes(':') || /\.[0-9]+$/.test(host));
}

function prefixesContain(
  outer: readonly string[] | undefined,
  inner: readonly string[] | undefined,
): boolean {
  if (!outer) return true;
  if (!inner) return false;
  return inner.every((prefix) => outer.some((wider) => isPrefixOf(wider, prefix)));
}

function isPrefixOf(wider: string, prefix: string): boolean {
  return prefix === wider || prefix.startsWith(wider.endsWith('/') ? wider : `${wider}/`);
}
