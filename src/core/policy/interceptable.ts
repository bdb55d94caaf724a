import type { HostKind } from '../request/egress_request.ts';
import { parseHost } from '../request/host.ts';
import type { PlanRule } from './plan.ts';
import { parentsOf } from './predicates.ts';
import { eachInSteps, type Steps } from './steps.ts';

/** Hosts that rules name, found by the labels of a host, not by reading rules. */
interface Names {
  readonly exact: ReadonlySet<string>;
  readonly parents: ReadonlySet<string>;
  readonly any: boolean;
}

/** The hosts to which one layer opens some tunnel, and those to which it opens intercepted ones. */
interface Layer {
  readonly open: Names;
  readonly intercept: Names;
}

/**
 * The question that `CompiledPolicy.mayIntercept` answers: each layer, the document and its ceilings, has a rule that
 * opens tunnels to this host, and one of these rules intercepts. Agents and ports are left out of it.
 */
export function* interceptableSteps(
  rules: readonly PlanRule[],
  layers: number,
): Steps<(host: string) => boolean> {
  const live = rules.filter(({ enabled, shadow, opens }) => enabled && !shadow && opens !== undefined);
  const known: Layer[] = [];
  for (let layer = 0; layer < layers; layer += 1) {
    const own = live.filter((rule) => rule.layer === layer);
    const intercepting = own.filter(({ opens }) => opens === 'intercept');
    known.push({ open: yield* namesInSteps(own), intercept: yield* namesInSteps(intercepting) });
  }
  return (host) => {
    const kind = kindOf(host);
    if (kind === undefined || !known.some(({ intercept }) => covers(intercept, host, kind))) return false;
    return known.every(({ open }) => covers(open, host, kind));
  };
}

/**
 * The question that `CompiledPolicy.mayReach` answers: each layer has an allow rule for this name, whatever else the
 * rule asks.
 */
export function* reachableSteps(
  rules: readonly PlanRule[],
  layers: number,
): Steps<(host: string) => boolean> {
  const live = rules.filter(({ enabled, shadow, action }) => enabled && !shadow && action === 'allow');
  const known: Names[] = [];
  for (let layer = 0; layer < layers; layer += 1) {
    known.push(yield* namesInSteps(live.filter((rule) => rule.layer === layer)));
  }
  return (host) => kindOf(host) === 'name' && known.every((names) => covers(names, host, 'name'));
}

function* namesInSteps(rules: readonly PlanRule[]): Steps<Names> {
  const exact = new Set<string>();
  const parents = new Set<string>();
  const sizeOf = ({ match: { hosts } }: PlanRule) => (hosts?.exact.size ?? 0) + (hosts?.parents.size ?? 0);
  yield* eachInSteps(rules, sizeOf, ({ match: { hosts } }) => {
    for (const host of hosts?.exact ?? []) exact.add(host);
    for (const parent of hosts?.parents ?? []) parents.add(parent);
  });
  return { exact, parents, any: rules.some(({ match }) => match.anyHost) };
}

/** Undefined: not in canonical form, so no request has this host. */
function kindOf(host: string): HostKind | undefined {
  const parsed = parseHost(host.includes(':') ? `[${host}]` : host);
  return parsed.ok && parsed.value.host === host ? parsed.value.host_kind : undefined;
}

function covers({ exact, parents, any }: Names, host: string, kind: HostKind): boolean {
  if (exact.has(host)) return true;
  // Wildcards and any_host stand for names; an address has to be listed.
  if (kind !== 'name') return false;
  if (any) return true;
  if (parents.size === 0) return false;
  for (const parent of parentsOf(host)) if (parents.has(parent)) return true;
  return false;
}
