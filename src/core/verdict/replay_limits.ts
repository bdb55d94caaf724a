import type { BudgetOp, BudgetSettlement, BudgetState } from '../ledger/budget_operation.ts';
import { type Evaluation, unchargedStates } from '../ledger/evaluation.ts';
import { LimitState, runIdOf } from '../ledger/limit_state.ts';
import type { BucketState, GcraOp, LedgerOp } from '../ledger/operation.ts';
import type { LimitDemand } from '../policy/compiled.ts';
import { isEnd } from '../receipt/inspection_facts.ts';
import type { DecisionRecord, InspectionRecord, OutcomeRecord } from '../receipt/records.ts';

export type Differ = (field: 'limits' | 'bucket' | 'budget', recorded: string, replayed: string) => void;
export interface ReplayedDenial {
  readonly reason: DecisionRecord['reason'];
  readonly rule_id: string;
}

const US_PER_MS = 1_000;

/**
 * Judges the limits of recorded decisions again. Complete: on the state folded from the first record on, all of which
 * must come out as recorded. Otherwise on the states that the record names, which are then taken as facts.
 */
export class LimitReplay {
  readonly #complete: boolean;
  /** Bounded by the number of buckets in the bundle. */
  readonly #folded = new LimitState(Number.MAX_SAFE_INTEGER);

  constructor(complete: boolean) {
    this.#complete = complete;
  }

  /** Returns the denial that the limits come to, if any. */
  check(record: DecisionRecord, demands: readonly LimitDemand[], differ: Differ): ReplayedDenial | undefined {
    const { rate_limit_bucket_state: states = [], budget_state: budgets = [] } = record;
    const ops = demands.map(({ op }) => op);
    const gcra = ops.filter((op) => op.op === 'gcra');
    const spending = ops.filter((op) => op.op === 'budget');
    differ('limits', idsOf(states), idsOf(gcra));
    differ('limits', idsOf(budgets), idsOf(spending));
    // Whether there was room for another key is not in the record: that refusal is taken as a fact.
    const full =
      record.reason === 'LIMIT_KEYS' ? { reason: record.reason, rule_id: record.rule_id ?? '-' } : undefined;
    const fits = states.length === gcra.length && budgets.length === spending.length;
    if (ops.length === 0 || !fits) return full;
    const evaluation = this.#evaluate(record, ops);
    const expected = full === undefined ? evaluation : unchargedStates(evaluation);
    for (const [i, state] of states.entries()) this.#compare(state, gcra[i], expected.states[i], differ);
    for (const [i, state] of budgets.entries())
      this.#compareBudget(state, spending[i], expected.budgets[i], differ);
    if (full !== undefined) return full;
    differ('limits', `delay ${record.delay_ms ?? 0}`, `delay ${evaluation.delay_ms}`);
    // When enough leaves a window is only known to who has seen what went in.
    if (this.#complete || spending.length === 0)
      differ('limits', `wait ${record.retry_after_ms ?? 0}`, `wait ${evaluation.retry_after_ms}`);
    return evaluation.refused === undefined ? undefined : demands[evaluation.refused]?.denial;
  }

  /** MUST be called for every decision, in journal order, after its check: skipped ones have their effect as well. */
  fold(record: DecisionRecord): void {
    if (this.#complete) this.#folded.fold(record);
  }

  /** A restore record: nobody knows what was charged before it. */
  exhaust(at_us: number): void {
    this.#folded.exhaust(at_us);
  }

  /**
   * MUST be called for every inspection, in journal order: what it settles has its effect. Complete: what was settled must
   * be what the usage that the record names comes to.
   */
  inspection(record: InspectionRecord, differ: Differ): void {
    if (!this.#complete) return;
    const { decision_ref, part, settled } = record;
    const now_us = record.ledger_ms * US_PER_MS;
    const due = part === 'response' && isEnd(record);
    const expected = due ? this.#folded.settlementOf(decision_ref, record, now_us) : undefined;
    differ('budget', settledText(settled), settledText(expected));
    if (settled !== undefined) this.#folded.foldSettlement(decision_ref, settled, now_us);
  }

  /** MUST be called for every outcome, in journal order: what never left gives back what it reserved. */
  outcome({ decision_ref, state, ledger_ms }: OutcomeRecord): void {
    if (this.#complete) this.#folded.foldOutcome(decision_ref, state, ledger_ms * US_PER_MS);
  }

  #evaluate(record: DecisionRecord, ops: readonly LedgerOp[]): Evaluation {
    const { rate_limit_bucket_state: states = [], budget_state: budgets = [] } = record;
    const recorded = { gcra: states.values(), budget: budgets.values() };
    const commitments = new Map(
      ops.map(({ op, key }) => [key, recorded[op].next().value?.key_commitment ?? '']),
    );
    const commit = (key: string) => commitments.get(key) ?? '';
    const { identity, delay_max_ms = 0 } = record;
    const run = identity === undefined ? undefined : runIdOf(identity);
    const limits = this.#complete ? this.#folded : stateAsRecorded(record, states, budgets, run);
    const now_us = states[0]?.now ?? budgets[0]?.now ?? 0;
    return limits.evaluate(commit, ops, identity?.tenant_id ?? '', now_us, {
      delay_max_us: delay_max_ms * US_PER_MS,
      ...(run === undefined ? {} : { run }),
    });
  }

  #compare(
    state: BucketState,
    op: GcraOp | undefined,
    expected: BucketState | undefined,
    differ: Differ,
  ): void {
    if (expected === undefined) return;
    // Want of room for another key is a fact here too; an `alert_only` limit then passes uncharged.
    const noRoom = op?.mode === 'alert_only' && state.exceeded === true;
    differ('bucket', String(state.tat_before), String(expected.tat_before));
    differ('bucket', String(state.tat_after), String(noRoom ? expected.tat_before : expected.tat_after));
    differ(
      'bucket',
      `exceeded ${state.exceeded === true}`,
      `exceeded ${noRoom || expected.exceeded === true}`,
    );
    if (this.#complete && !noRoom) differ('bucket', `near ${state.near ?? 0}`, `near ${expected.near ?? 0}`);
  }

  #compareBudget(
    state: BudgetState,
    op: BudgetOp | undefined,
    expected: BudgetState | undefined,
    differ: Differ,
  ): void {
    if (expected === undefined) return;
    const noRoom =
      op?.mode === 'alert_only' && state.exceeded === true && state.used_after === state.used_before;
    differ('budget', reservedText(state), reservedText(expected));
    differ('budget', `used ${state.used_before}`, `used ${expected.used_before}`);
    const after = noRoom ? expected.used_before : expected.used_after;
    differ('budget', `after ${state.used_after}`, `after ${after}`);
    const exceeded = noRoom || expected.exceeded === true;
    differ('budget', `exceeded ${state.exceeded === true}`, `exceeded ${exceeded}`);
    if (this.#complete && !noRoom) differ('budget', `near ${state.near ?? 0}`, `near ${expected.near ?? 0}`);
  }
}

/** What the record says that buckets and budgets held; a grace that it says was used is taken as due. */
function stateAsRecorded(
  record: DecisionRecord,
  states: readonly BucketState[],
  budgets: readonly BudgetState[],
  run: string | undefined,
): LimitState {
  return new LimitState(Number.MAX_SAFE_INTEGER, {
    buckets: firstOfKeys(states).map(({ key_commitment, tat_before, now, exceeded }) => {
      const crossing = exceeded === true ? { crossing: { us: now, seq: record.seq } } : {};
      return [key_commitment, '', tat_before, { near: 0, ...crossing }] as const;
    }),
    budgets: firstOfKeys(budgets).map(({ key_commitment, used_before }) => {
      return [key_commitment, '', 0, [[Number.MAX_SAFE_INTEGER, used_before]]] as const;
    }),
    runs: run === undefined ? [] : [[run, -1]],
  });
}

/** Of two operations on one key the first says what was there before. */
function firstOfKeys<S extends { readonly key_commitment: string }>(states: readonly S[]): readonly S[] {
  const seen = new Set<string>();
  return states.filter(({ key_commitment }) => !seen.has(key_commitment) && seen.add(key_commitment));
}

function reservedText({ unit, amount, cap, until, unpriced }: BudgetState): string {
  return `${amount} of ${cap} ${unit} until ${until}${unpriced === true ? ' unpriced' : ''}`;
}

function settledText(settled: readonly BudgetSettlement[] | undefined): string {
  if (settled === undefined) return '-';
  const one = ({ limit_id, key_commitment, unit, until, reserved, settled: now }: BudgetSettlement) =>
    `${limit_id} ${key_commitment} ${reserved} to ${now} ${unit} until ${until}`;
  return settled.map(one).join(', ');
}

function idsOf(list: readonly { readonly limit_id: string }[]): string {
  return list.map(({ limit_id }) => limit_id).join(',');
}
