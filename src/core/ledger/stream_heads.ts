import type { StreamLink } from '../receipt/records.ts';

/** Whose chains a record continues. */
export interface StreamOwner {
  readonly tenant_id: string;
  readonly agent_id: string;
  readonly run_label?: string;
}

export type StreamEvent = 'allow' | 'deny' | 'outcome';
export type StreamCounts = { [event in StreamEvent]: number };

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

/** A head as it is kept: updated in place, because every record moves two or three of them. */
interface MutableHead {
  readonly kind: StreamLink['kind'];
  readonly id: string;
  seq: number;
  hash: string;
  readonly counts: StreamCounts;
}

export class StreamHeads {
  readonly #heads: { readonly [kind in StreamLink['kind']]: Map<string, MutableHead> } = {
    tenant: new Map(),
    agent: new Map(),
    run: new Map(),
  };
  readonly #runs_per_agent = new Map<string, number>();

  constructor(snapshot: readonly StreamHead[] = []) {
    for (const { kind, id, seq, hash, counts } of snapshot) {
      const head = this.#headOf(kind, id);
      head.seq = seq;
      head.hash = hash;
      Object.assign(head.counts, counts);
    }
  }

  get size(): number {
    const { tenant, agent, run } = this.#heads;
    return tenant.size + agent.size + run.size;
  }

  /** Whether the owner's run has a chain, or one more fits. */
  hasRoomForRun(owner: StreamOwner): boolean {
    if (owner.run_label === undefined) return true;
    if (this.#heads.run.has(runId(owner.agent_id, owner.run_label))) return true;
    const runs = this.#runs_per_agent.get(owner.agent_id) ?? 0;
    return runs < RUNS_PER_AGENT_MAX && this.size < STREAMS_MAX;
  }

  /** The links of the owner's next record, in the order tenant, agent, run. */
  links(owner: StreamOwner): StreamLink[] {
    const links = [this.#next('tenant', owner.tenant_id), this.#next('agent', owner.agent_id)];
    if (owner.run_label !== undefined) links.push(this.#next('run', runId(owner.agent_id, owner.run_label)));
    return links;
  }

  /** `event` is what the record is counted as; an inspection is counted nowhere. */
  fold(links: readonly StreamLink[], line_hash: string, event?: StreamEvent): void {
    for (const { kind, id, seq } of links) {
      const head = this.#headOf(kind, id);
      head.seq = seq;
      head.hash = line_hash;
      if (event !== undefined) head.counts[event]++;
    }
  }

  /** By kind, then id, both by code unit: the order of a seal's leaves. */
  sorted(): StreamHead[] {
    const { tenant, agent, run } = this.#heads;
    return [agent, run, tenant].flatMap((heads) =>
      [...heads.keys()].sort().flatMap((id) => {
        const head = heads.get(id);
        return head === undefined ? [] : [{ ...head, counts: { ...head.counts } }];
      }),
    );
  }

  #next(kind: StreamLink['kind'], id: string): StreamLink {
    const head = this.#heads[kind].get(id);
    return head === undefined
      ? { id, kind, prev: FIRST_PREV, seq: 0 }
      : { id, kind, prev: head.hash, seq: head.seq + 1 };
  }

  #headOf(kind: StreamLink['kind'], id: string): MutableHead {
    const known = this.#heads[kind].get(id);
    if (known !== undefined) return known;
    const head = { kind, id, seq: 0, hash: FIRST_PREV, counts: { allow: 0, deny: 0, outcome: 0 } };
    this.#heads[kind].set(id, head);
    if (kind === 'run') {
      const agent = id.slice(0, id.indexOf('/'));
      this.#runs_per_agent.set(agent, (this.#runs_per_agent.get(agent) ?? 0) + 1);
    }
    return head;
  }
}

function runId(agent_id: string, label: string): string {
  return `${agent_id}/${label}`;
}
