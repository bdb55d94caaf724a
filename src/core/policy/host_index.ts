import type { Principal } from '../identity/principal.ts';
import type { EgressRequest } from '../request/egress_request.ts';
import type { PlanMatch } from './plan.ts';
import { parentsOf } from './predicates.ts';

interface Matching {
  readonly match: PlanMatch;
}

/** The ids by which a slot is divided, the most selective first. */
const DIVIDERS = ['agent_id', 'project_id', 'team_id'] as const;

/**
 * Finds the few rules that can match a request among ten thousand. Cost: one look-up for each label of the host,
 * whatever the number of hosts. May offer an item twice (listed as name and as wildcard), never misses one.
 */
export class HostIndex<T extends Matching> {
  private readonly exact = new Map<string, Slot<T>>();
  private readonly parents = new Map<string, Slot<T>>();
  private readonly anywhere = new Slot<T>();

  constructor(items: readonly T[]) {
    for (const item of items) {
      const { hosts } = item.match;
      if (!hosts) this.anywhere.add(item);
      for (const host of hosts?.exact ?? []) slotOf(this.exact, host).add(item);
      for (const parent of hosts?.parents ?? []) slotOf(this.parents, parent).add(item);
    }
  }

  visit(request: EgressRequest, principal: Principal, visitor: (item: T) => void): void {
    this.anywhere.visit(principal, visitor);
    this.exact.get(request.host)?.visit(principal, visitor);
    if (this.parents.size === 0 || request.host_kind !== 'name') return;
    for (const parent of parentsOf(request.host)) this.parents.get(parent)?.visit(principal, visitor);
  }
}

/** Items of one host, divided by whom they name: a host that all agents share would else be a list of all rules. */
class Slot<T extends Matching> {
  private readonly named = DIVIDERS.map(() => new Map<string, T[]>());
  private readonly rest: T[] = [];

  add(item: T): void {
    for (const [i, key] of DIVIDERS.entries()) {
      const ids = item.match.agent?.get(key);
      const groups = this.named[i];
      if (!ids || !groups) continue;
      for (const id of ids) {
        const group = groups.get(id);
        if (group) group.push(item);
        else groups.set(id, [item]);
      }
      return;
    }
    this.rest.push(item);
  }

  visit(principal: Principal, visitor: (item: T) => void): void {
    for (const item of this.rest) visitor(item);
    for (let i = 0; i < DIVIDERS.length; i += 1) {
      const groups = this.named[i];
      const key = DIVIDERS[i];
      if (!groups || key === undefined || groups.size === 0) continue;
      for (const item of groups.get(principal[key]) ?? []) visitor(item);
    }
  }
}

function slotOf<T extends Matching>(slots: Map<string, Slot<T>>, key: string): Slot<T> {
  const found = slots.get(key);
  if (found) return found;
  const created = new Slot<T>();
  slots.set(key, created);
  return created;
}
