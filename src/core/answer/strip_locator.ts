import type { JsonSink } from '../body/json_sink.ts';

/** Places on the way to what is taken out. */
export interface StripNode {
  readonly children: Map<string, StripNode>;
  pointer?: string;
}

/** One member (from the quote of its name) or element, and which comma goes with it. */
export interface Removed {
  readonly pointer: string;
  readonly from: number;
  readonly to: number;
  readonly comma: 'before' | 'behind' | 'none';
}

/** What lies inside something that is taken out goes with it. */
export function stripTree(pointers: readonly string[]): StripNode {
  const root: StripNode = { children: new Map() };
  for (const pointer of pointers) {
    let node = root;
    for (const token of pointer.split('/').slice(1)) {
      const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
      const child = node.children.get(name) ?? { children: new Map() };
      node.children.set(name, child);
      node = child;
    }
    if (node !== root) node.pointer = pointer;
  }
  return root;
}

interface Open {
  readonly node: StripNode;
  readonly isArray: boolean;
  /** Children that have begun, and the number of the last one that stays. */
  count: number;
  lastKept: number;
  name: string;
  nameAt: number;
  readonly found: { pointer: string; from: number; to: number; number: number }[];
}

/** Finds the bytes of members and elements while a JsonReader reads; everything else passes by. */
export class StripLocator implements JsonSink {
  readonly room = undefined;
  /** Containers on the way come in the order in which they end. */
  readonly removed: Removed[] = [];
  readonly #root: StripNode;
  readonly #open: Open[] = [];
  /** Containers open inside of one that leads nowhere, or is taken out as a whole. */
  #skipped = 0;

  constructor(root: StripNode) {
    this.#root = root;
  }

  open(kind: 'object' | 'array', offset: number): undefined {
    const node = this.#skipped > 0 ? undefined : this.#nodeHere();
    if (this.#skipped === 0) this.#begin(node, offset);
    if (node === undefined || node.pointer !== undefined || node.children.size === 0) this.#skipped += 1;
    else this.#open.push(opened(node, kind === 'array'));
  }

  close(end: number): undefined {
    if (this.#skipped > 0) this.#skipped -= 1;
    else this.#finish(this.#open.pop());
    if (this.#skipped === 0) this.#ended(end);
  }

  key(name: string, offset: number): undefined {
    const open = this.#open.at(-1);
    if (this.#skipped > 0 || open === undefined) return;
    open.name = name;
    open.nameAt = offset;
  }

  scalar(_value: unknown, offset: number, end: number): undefined {
    if (this.#skipped > 0) return;
    this.#begin(this.#nodeHere(), offset);
    this.#ended(end);
  }

  #nodeHere(): StripNode | undefined {
    const open = this.#open.at(-1);
    if (open === undefined) return this.#root;
    return open.node.children.get(open.isArray ? String(open.count) : open.name);
  }

  #begin(node: StripNode | undefined, offset: number): void {
    const open = this.#open.at(-1);
    if (open === undefined) return;
    const number = open.count;
    open.count += 1;
    if (node?.pointer === undefined) open.lastKept = number;
    else
      open.found.push({ pointer: node.pointer, from: open.isArray ? offset : open.nameAt, to: -1, number });
  }

  #ended(end: number): void {
    const open = this.#open.at(-1);
    const last = open?.found.at(-1);
    if (last !== undefined && last.number === (open?.count ?? 0) - 1) last.to = end;
  }

  #finish(open: Open | undefined): void {
    for (const { pointer, from, to, number } of open?.found ?? []) {
      const { lastKept = -1, count = 0 } = open ?? {};
      const isTail = lastKept >= 0 && number > lastKept;
      const comma = isTail ? 'before' : number === count - 1 ? 'none' : 'behind';
      this.removed.push({ pointer, from, to, comma });
    }
  }
}

function opened(node: StripNode, isArray: boolean): Open {
  return { node, isArray, count: 0, lastKept: -1, name: '', nameAt: 0, found: [] };
}
