import type { Principal } from '../identity/principal.ts';
import type { EgressRequest } from '../request/egress_request.ts';
import type { PlanMatch } from './plan.ts';
import { parentsOf } from './predicates.ts';
import { eachInSteps, finished, type Steps } from './steps.ts';

interface Matching {
  readonly match: PlanMatch;
}

/** The ids by which a long slot is divided, the most selective first. */
const DIVIDERS = ['agent_id', 'project_id', 'team_id'] as const;
/** The part of a request and of a principal that the index looks at. */
export type Destination = Pick<EgressRequest, 'host' | 'host_kind'>;
export type Named = Pick<Principal, (typeof DIVIDERS)[number]>;
/** Slots up to this length are simply read through. */
const UNDIVIDED_MAX = 4;

/**
 * Finds the few rules that can match a request among ten thousand. Cost: one look-up for each label of the host,
 * whatever the number of hosts. May offer an item twice (listed as name and as wildcard), never misses one.
 */
export class HostIndex<T extends Matching> {
  private readonly exact: ReadonlyMap<string, Slot<T>>;
  private readonly parents: ReadonlyMap<string, Slot<T>>;
  private readonly anywhere: Slot<T>;

  constructor(items: readonly T[], slots: Slots<T> = finished(slotsInSteps(items))) {
    this.exact = slots.exact;
    this.parents = slots.parents;
    this.anywhere = slotOf(items.filter((item) => !item.match.hosts));
  }

  /** The same index, in steps. */
  static *inSteps<T extends Matching>(items: readonly T[]): Steps<HostIndex<T>> {
    return new HostIndex(items, yield* slotsInSteps(items));
  }

  visit(request: Destination, principal: Named, visitor: (item: T) => void): void {
    visitSlot(this.anywhere, principal, visitor);
    visitSlot(this.exact.get(request.host), principal, visitor);
    if (this.parents.size === 0 || request.host_kind !== 'name') return;
    for (const parent of parentsOf(request.host)) visitSlot(this.parents.get(parent), principal, visitor);
  }
}

/** Items of one host: a list, or divided by whom they name when a host is shared by many. */
type Slot<T> = readonly T[] | DividedSlot<T>;

interface DividedSlot<T> {
  readonly named: readonly {
    readonly key: keyof Named;
    readonly groups: ReadonlyMap<string, readonly T[]>;
  }[];
  readonly rest: readonly T[];
}

interface Slots<T> {
  readonly exact: ReadonlyMap<string, Slot<T>>;
  readonly parents: ReadonlyMap<string, Slot<T>>;
}

function* slotsInSteps<T extends Matching>(items: readonly T[]): Steps<Slots<T>> {
  const exact = new Map<string, T[]>();
  const parents = new Map<string, T[]>();
  const hostsOf = ({ match: { hosts } }: T): number => (hosts?.exact.size ?? 0) + (hosts?.parents.size ?? 0);
  yield* eachInSteps(items, hostsOf, (item) => {
    for (const host of item.match.hosts?.exact ?? []) append(exact, host, item);
    for (const parent of item.match.hosts?.parents ?? []) append(parents, parent, item);
  });
  return { exact: yield* slotsOf(exact), parents: yield* slotsOf(parents) };
}

function* slotsOf<T extends Matching>(
  lists: ReadonlyMap<string, readonly T[]>,
): Steps<ReadonlyMap<string, Slot<T>>> {
  const slots = new Map<string, Slot<T>>();
  const itemsOf = ([, items]: readonly [string, readonly T[]]): number => items.length;
  yield* eachInSteps(lists, itemsOf, ([host, items]) => slots.set(host, slotOf(items)));
  return slots;
}

/** Each item stands under the ids of the first divider that it names. */
function slotOf<T extends Matching>(items: readonly T[]): Slot<T> {
  if (items.length <= UNDIVIDED_MAX) return items;
  const named = DIVIDERS.map((key) => ({ key, groups: new Map<string, T[]>() }));
  const rest: T[] = [];
  for (const item of items) {
    const divider = named.find(({ key }) => item.match.agent?.has(key));
    if (!divider) rest.push(item);
    else for (const id of item.match.agent?.get(divider.key) ?? []) append(divider.groups, id, item);
  }
  return { named, rest };
}

function visitSlot<T>(slot: Slot<T> | undefined, principal: Named, visitor: (item: T) => void): void {
  if (slot === undefined) return;
  if (!('named' in slot)) {
    for (const item of slot) visitor(item);
    return;
  }
  for (const item of slot.rest) visitor(item);
  for (const { key, groups } of slot.named)
    for (const item of groups.get(principal[key]) ?? []) visitor(item);
}

function append<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}
