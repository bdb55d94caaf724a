import type { StreamOwner } from '../core/ledger/stream_heads.ts';
import { type InspectionFacts, type InspectionFinding, isEnd } from '../core/receipt/inspection_facts.ts';
import type {
  DecisionRecord,
  InspectionRecord,
  JournalRecord,
  OutcomeRecord,
} from '../core/receipt/records.ts';

type Part = InspectionFacts['part'];

/** What is recorded of one part so far. */
interface PartSoFar {
  readonly part: Part;
  /** Of the last record; -1 before the first. */
  readonly index: number;
  /** What the end said; absent while it goes on. */
  readonly end?: string;
}

/** An allow that asked for an inspection of its answer, or of a body that streams. */
export interface AwaitedInspection extends StreamOwner {
  readonly receipt_id: string;
  readonly envoy_epoch: string;
  readonly parts: readonly PartSoFar[];
  /** Ledger time of the outcome; absent while there is none. */
  readonly closed_ms?: number;
}

/** Outcomes are read from a log and may overtake the end of the answer; later than this it will not come. */
export const END_AFTER_OUTCOME_MS = 5 * 60_000;
/** Decisions with an outcome whose end is still waited for; beyond, the oldest are given up. Those without an outcome are open decisions, which are bounded. */
export const ENDS_AWAITED_MAX = 65_536;

/**
 * Where a finding belongs. `fits`: it is to be written. `repeated`: it stands in the journal, or a later one of its part
 * does. `unknown`: no such decision asked, or nothing is taken for it any more.
 */
export type Place =
  | { readonly kind: 'fits'; readonly owner: AwaitedInspection }
  | { readonly kind: 'repeated' | 'unknown' }
  | { readonly kind: 'refused'; readonly why: string };

/** Who the inspections to come belong to. A fold over journal records. */
export class AwaitedInspections {
  readonly #awaited = new Map<string, AwaitedInspection>();
  /** Ids of those that have an outcome, oldest outcome first. */
  readonly #closed = new Set<string>();

  constructor(snapshot: readonly AwaitedInspection[] = []) {
    for (const awaited of snapshot) this.#put(awaited);
  }

  get size(): number {
    return this.#awaited.size;
  }

  fold(record: JournalRecord): void {
    if (this.#closed.size > 0) this.#giveUp(record.ledger_ms);
    if (record.type === 'decision') this.#foldDecision(record);
    else if (record.type === 'outcome') this.#foldOutcome(record);
    else if (record.type === 'inspection') this.#foldInspection(record);
  }

  /** The run of Envoy that the decision belongs to; undefined when none is meant. */
  epochOf(receipt_id: string): string | undefined {
    return this.#awaited.get(receipt_id)?.envoy_epoch;
  }

  placeOf(receipt_id: string, facts: InspectionFinding): Place {
    const owner = this.#awaited.get(receipt_id);
    if (owner === undefined) return { kind: 'unknown' };
    const soFar = owner.parts.find(({ part }) => part === facts.part);
    if (soFar === undefined) return refused(`nobody asked for an inspection of its ${facts.part}`);
    if (soFar.end !== undefined && isEnd(facts) && soFar.end !== endMark(facts))
      return refused(`its ${facts.part} has ended, and otherwise`);
    if (facts.index <= soFar.index) return isEnd(facts) && soFar.end === undefined ? late() : REPEATED;
    return soFar.end === undefined ? { kind: 'fits', owner } : refused(`its ${facts.part} has ended`);
  }

  /** Those with an outcome in the order of their outcomes. */
  all(): AwaitedInspection[] {
    const open = [...this.#awaited.values()].filter(({ closed_ms }) => closed_ms === undefined);
    return [...open, ...[...this.#closed].flatMap((id) => this.#awaited.get(id) ?? [])];
  }

  #foldDecision(record: DecisionRecord): void {
    const { identity, receipt_id, envoy_epoch } = record;
    const parts = askedOf(record).map((part) => ({ part, index: -1 }));
    if (parts.length === 0 || identity === undefined) return;
    const { tenant_id, agent_id, run } = identity;
    const run_label = run === undefined ? {} : { run_label: run.label };
    this.#put({ receipt_id, envoy_epoch, tenant_id, agent_id, ...run_label, parts });
  }

  #foldOutcome({ decision_ref, ledger_ms: closed_ms }: OutcomeRecord): void {
    const awaited = this.#awaited.get(decision_ref);
    if (awaited !== undefined) this.#put({ ...awaited, closed_ms });
  }

  #foldInspection(record: InspectionRecord): void {
    const awaited = this.#awaited.get(record.decision_ref);
    if (awaited === undefined) return;
    const { part, index } = record;
    const now = isEnd(record) ? { part, index, end: endMark(record) } : { part, index };
    this.#put({ ...awaited, parts: awaited.parts.map((one) => (one.part === part ? now : one)) });
  }

  #put(awaited: AwaitedInspection): void {
    const { receipt_id, parts, closed_ms } = awaited;
    if (closed_ms !== undefined && parts.every(({ end }) => end !== undefined)) {
      this.#drop(receipt_id);
      return;
    }
    this.#awaited.set(receipt_id, awaited);
    if (closed_ms !== undefined) this.#closed.add(receipt_id);
    const [oldest] = this.#closed;
    if (this.#closed.size > ENDS_AWAITED_MAX && oldest !== undefined) this.#drop(oldest);
  }

  #giveUp(ledger_ms: number): void {
    for (const id of this.#closed) {
      const closed_ms = this.#awaited.get(id)?.closed_ms ?? 0;
      if (ledger_ms - closed_ms <= END_AFTER_OUTCOME_MS) return;
      this.#drop(id);
    }
  }

  #drop(receipt_id: string): void {
    this.#awaited.delete(receipt_id);
    this.#closed.delete(receipt_id);
  }
}

const REPEATED = { kind: 'repeated' } as const;

function refused(why: string): Place {
  return { kind: 'refused', why };
}

/** An end behind a mark that claims to be younger: somebody counts twice, and the end must not get lost for that. */
function late(): Place {
  return refused('its index is not above that of the record before');
}

/** What of a decision may be followed by inspections. */
function askedOf({ verdict, request, response }: DecisionRecord): Part[] {
  if (verdict !== 'allow') return [];
  const streamed = request.body_state === 'streamed' ? (['request'] as const) : [];
  return response === undefined ? [...streamed] : [...streamed, 'response'];
}

/** Tells the same end from another one: what goes out on its word is settled by state and bytes. */
function endMark({ index, state, digest_in, digest_out }: InspectionFinding): string {
  return `${index} ${state} ${digest_in} ${digest_out}`;
}
