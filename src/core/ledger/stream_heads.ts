import type { StreamLink } from '../receipt/records.ts';

/** Whose chains a record continues. */
export interface StreamOwner {
  readonly tenant_id: string;
  readonly agent_id: string;
  readonly run_label?: string;
}

export type StreamEvent = 'allow' | 'deny' | 'outcome';
export type StreamCounts = { readonly [event in StreamEvent]: number };

/** The end of one stream: its last sequence number, that record's line hash, and totals since the stream began. */
export interface StreamHead {
  readonly kind: StreamLink['kind'];
  readonly id: string;
  readonly seq: number;
  readonly hash: string;
  readonly counts: StreamCounts;
}

/** Chains of tenants, agents and runs in one log. A run label is chosen by the client, so both are bounded. */
export const STREAMS_MAX = 100_000;
export const RUNS_PER_AGENT_MAX = 20_000;

const FIRST_PREV = '0'.repeat(64);
const NO_COUNTS: StreamCounts = { allow: 0, deny: 0, outcome: 0 };

export class StreamHeads {
  readonly #heads = new Map<string, StreamHead>();
  readonly #runs_per_agent = new Map<string, number>();

  constructor(snapshot: readonly StreamHead[] = []) {
    for (const head of snapshot) this.#put(head);
  }

  get size(): number {
    return this.#heads.size;
  }

  /** Whether the owner's run has a chain, or one more fits. */
  hasRoomForRun(owner: StreamOwner): boolean {
    if (owner.run_label === undefined) return true;
    if (this.#heads.has(`run/${owner.agent_id}/${owner.run_label}`)) return true;
    const runs = this.#runs_per_agent.get(owner.agent_id) ?? 0;
    return runs < RUNS_PER_AGENT_MAX && this.#heads.size < STREAMS_MAX;
  }

  /** The links of the owner's next record, in the order tenant, agent, run. */
  links(owner: StreamOwner): StreamLink[] {
    const links = [this.#next('tenant', owner.tenant_id), this.#next('agent', owner.agent_id)];
    if (owner.run_label !== undefined) links.push(this.#next('run', `${owner.agent_id}/${owner.run_label}`));
    return links;
  }

  fold(links: readonly StreamLink[], line_hash: string, event: StreamEvent): void {
    for (const { kind, id, seq } of links) {
      const counts = this.#heads.get(`${kind}/${id}`)?.counts ?? NO_COUNTS;
      this.#put({ kind, id, seq, hash: line_hash, counts: { ...counts, [event]: counts[event] + 1 } });
    }
  }

  /** In the order of their heads' `kind/id` strings by code unit: the order of a seal's leaves. */
  sorted(): StreamHead[] {
    const keys = [...this.#heads.keys()].sort();
    return keys.flatMap((key) => this.#heads.get(key) ?? []);
  }

  #next(kind: StreamLink['kind'], id: string): StreamLink {
    const head = this.#heads.get(`${kind}/${id}`);
    return head === undefined
      ? { kind, id, seq: 0, prev: FIRST_PREV }
      : { kind, id, seq: head.seq + 1, prev: head.hash };
  }

  #put(head: StreamHead): void {
    const key = `${head.kind}/${head.id}`;
    if (head.kind === 'run' && !this.#heads.has(key)) {
      const agent = head.id.slice(0, head.id.indexOf('/'));
      this.#runs_per_agent.set(agent, (this.#runs_per_agent.get(agent) ?? 0) + 1);
    }
    this.#heads.set(key, head);
  }
}
