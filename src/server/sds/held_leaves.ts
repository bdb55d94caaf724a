/** Envoys told apart; what they call themselves is bounded because it comes over the wire. */
const NODES_MAX = 64;

/** Who holds a leaf of one name in one Envoy: its streams. */
export interface Held<S> {
  readonly name: string;
  readonly streams: ReadonlySet<S>;
}

/**
 * The leaves in the memory of each Envoy, least recently used first. Envoy itself never forgets one, and a client
 * chooses the names: without a bound here it could fill that memory.
 */
export class HeldLeaves<S> {
  readonly #max: number;
  readonly #nodes = new Map<string, Map<string, Set<S>>>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Leaves in all Envoys together. */
  get count(): number {
    return [...this.#nodes.values()].reduce((sum, held) => sum + held.size, 0);
  }

  /** Whether a node can be told apart. */
  admits(node: string): boolean {
    return this.#nodes.has(node) || this.#nodes.size < NODES_MAX;
  }

  /** Notes that `stream` holds the name, and returns what that Envoy has to forget for it. */
  hold(node: string, name: string, stream: S): readonly Held<S>[] {
    const held = this.#nodes.get(node) ?? new Map<string, Set<S>>();
    this.#nodes.set(node, held);
    const streams = held.get(name) ?? new Set<S>();
    held.delete(name);
    held.set(name, streams.add(stream));
    const tooMany: Held<S>[] = [];
    for (const [oldest, itsStreams] of held) {
      if (held.size <= this.#max) break;
      held.delete(oldest);
      tooMany.push({ name: oldest, streams: itsStreams });
    }
    return tooMany;
  }

  /** The leaf served a handshake or a request just now. */
  used(node: string, name: string): void {
    const held = this.#nodes.get(node);
    const streams = held?.get(name);
    if (held === undefined || streams === undefined) return;
    held.delete(name);
    held.set(name, streams);
  }

  release(node: string, name: string, stream: S): void {
    const held = this.#nodes.get(node);
    const streams = held?.get(name);
    if (held === undefined || streams === undefined) return;
    streams.delete(stream);
    if (streams.size === 0) held.delete(name);
    if (held.size === 0) this.#nodes.delete(node);
  }
}
