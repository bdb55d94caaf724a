import type { BudgetState } from '../ledger/budget_operation.ts';
import { LimitState, runIdOf } from '../ledger/limit_state.ts';
import type { BucketState } from '../ledger/operation.ts';
import type { CompiledPolicy, LimitDemand } from '../policy/compiled.ts';
import { responseText } from '../policy/response_text.ts';
import { isSameStream } from '../policy/stream_demands.ts';
import { isEnd } from '../receipt/inspection_facts.ts';
import type { DecisionRecord, InspectionRecord, OutcomeRecord } from '../receipt/records.ts';
import type { TunnelMode } from '../request/egress_request.ts';
import { decide } from './decide.ts';
import { inputsOf, whyNotReplayable } from './recorded_inputs.ts';

/**
 * A verdict as a receipt names it; `tunnel` where an allowed CONNECT says what became of it, `stream` where rules ask for
 * something of a WebSocket or gRPC call.
 */
export type Said = Pick<DecisionRecord, 'verdict' | 'reason' | 'rule_id' | 'stream' | 'response'> & {
  readonly tunnel?: TunnelMode;
};

export type SimulationOutcome =
  | { readonly kind: 'same' }
  | { readonly kind: 'different'; readonly recorded: Said; readonly candidate: Said }
  /** The record does not hold what this candidate looks at. */
  | { readonly kind: 'skipped'; readonly why: string };

export interface SimulationOptions {
  /** The records begin with the first one of their log, so that no bucket has a history before them. */
  readonly complete: boolean;
}

/** Distinct buckets of one tenant. Whether a gateway had room for them is its own affair. */
const KEYS_MAX = 1_000_000;
/** What a gateway could have borne where the record does not say, because the live policy throttled nothing. */
const DELAY_MAX_MS = 1_000;

/**
 * Judges recorded requests by a candidate policy, in journal order. Identity and request are taken as facts; the
 * candidate's limits are folded over the recorded ledger times, charged by what the candidate would have admitted.
 */
export class Simulation {
  readonly #candidate: CompiledPolicy;
  readonly #complete: boolean;
  readonly #limits = new LimitState(KEYS_MAX);

  constructor(candidate: CompiledPolicy, { complete }: SimulationOptions) {
    this.#candidate = candidate;
    this.#complete = complete;
  }

  /** A restore record: nobody knows what was charged before it. */
  exhaust(at_us: number): void {
    this.#limits.exhaust(at_us);
  }

  /** `recordedNames`: the query names that the record's own policy keeps; undefined when that policy is not at hand. */
  decision(record: DecisionRecord, recordedNames: readonly string[] | undefined): SimulationOutcome {
    const why = whyNotReplayable(record) ?? this.#hiddenNames(record, recordedNames);
    if (why !== undefined) return { kind: 'skipped', why };
    const inputs = inputsOf(record);
    if (inputs === undefined)
      return { kind: 'skipped', why: 'the facts of the record contradict themselves' };
    const { verdict, demands, inspect } = decide(
      this.#candidate,
      inputs.identity,
      inputs.request,
      inputs.circumstances,
    );
    if (inspect !== undefined && !neverCame(record)) return { kind: 'skipped', why: whyUnseen(record) };
    const refused = this.#charge(record, verdict.verdict, demands);
    const judged = inspect === undefined ? verdict : { ...verdict, reason: record.reason };
    const candidate = saidOf(refused === undefined ? judged : { verdict: 'deny', ...refused });
    const recorded = saidOf({ ...record, ...tunnelOf(record) });
    return isSame(recorded, candidate) ? { kind: 'same' } : { kind: 'different', recorded, candidate };
  }

  /** Of an answer: a call that the candidate admits, too, comes to what it came to. In journal order, as decisions. */
  inspection(record: InspectionRecord): void {
    if (record.part !== 'response' || !isEnd(record)) return;
    const now_us = record.ledger_ms * 1_000;
    const settled = this.#limits.settlementOf(record.decision_ref, record, now_us);
    if (settled !== undefined) this.#limits.foldSettlement(record.decision_ref, settled, now_us);
  }

  outcome({ decision_ref, state, ledger_ms }: OutcomeRecord): void {
    this.#limits.foldOutcome(decision_ref, state, ledger_ms * 1_000);
  }

  /** A query is only recorded as far as the policy of that time looked at it. */
  #hiddenNames(record: DecisionRecord, recordedNames: readonly string[] | undefined): string | undefined {
    if (record.request.query_commitment === undefined) return undefined;
    const hidden = this.#candidate.query_names.some((name) => recordedNames?.includes(name) !== true);
    return hidden ? 'the record does not hold the query names that the candidate looks at' : undefined;
  }

  /** Tests and charges the candidate's limits; returns the denial of the first that refuses. */
  #charge(
    record: DecisionRecord,
    judgedTo: Said['verdict'],
    demands: readonly LimitDemand[],
  ): Omit<Said, 'verdict'> | undefined {
    const tenant = record.identity?.tenant_id;
    if (tenant === undefined) return undefined;
    const states = record.rate_limit_bucket_state ?? [];
    const budgets = record.budget_state ?? [];
    if (!this.#complete) this.#continueFrom(states, budgets, demands, tenant);
    const now_us = states[0]?.now ?? budgets[0]?.now ?? record.ledger_ms * 1_000;
    const run = record.identity && runIdOf(record.identity);
    const judged = this.#limits.evaluate(
      (key) => key,
      demands.map(({ op }) => op),
      tenant,
      now_us,
      {
        delay_max_us: (record.delay_max_ms ?? DELAY_MAX_MS) * 1_000,
        ...(run === undefined ? {} : { run }),
      },
    );
    // Whether there was room for another key or run is not in the record: that refusal is taken as a fact.
    const full = record.reason === 'LIMIT_KEYS' && judgedTo === 'allow' ? record : undefined;
    const refused = judged.refused === undefined ? undefined : demands[judged.refused]?.denial;
    if (full) return full;
    const verdict = refused ? 'deny' : judgedTo;
    this.#limits.fold({
      ...record,
      verdict,
      rate_limit_bucket_state: judged.states,
      budget_state: judged.budgets,
    });
    return refused;
  }

  /** In the middle of a log a limit that the live policy has, too, goes on where its bucket or budget stood. */
  #continueFrom(
    states: readonly BucketState[],
    spent: readonly BudgetState[],
    demands: readonly LimitDemand[],
    tenant: string,
  ): void {
    const { buckets, budgets } = this.#limits;
    for (const { op } of demands) {
      const state = states.find(({ limit_id }) => limit_id === op.limit_id);
      if (state && !buckets.has(op.key)) buckets.restore([op.key, tenant, state.tat_before]);
      const budget = spent.find(({ limit_id }) => limit_id === op.limit_id);
      if (budget && !budgets.has(op.key))
        budgets.restore([op.key, tenant, 0, [[budget.until, budget.used_before]]]);
    }
  }
}

/** Of such a body nobody knows more than that a policy that asks for it lets nothing go on. */
function neverCame({ reason, request }: DecisionRecord): boolean {
  return request.body === undefined && (reason === 'BODY_NOT_COMPLETED' || reason === 'INSPECT_BUSY');
}

function whyUnseen({ request }: DecisionRecord): string {
  if (request.body === undefined) return 'nobody looked at the body, and the candidate would';
  return 'the record does not hold whether the body fits schemas of the candidate';
}

function saidOf({ verdict, reason, rule_id, tunnel, stream, response }: Said): Said {
  const rule = rule_id === undefined ? {} : { rule_id };
  const opened = tunnel === undefined ? {} : { tunnel };
  const asked = response === undefined ? {} : { response };
  return { verdict, reason, ...rule, ...opened, ...(stream === undefined ? {} : { stream }), ...asked };
}

function tunnelOf({ request: { tls } }: DecisionRecord): Pick<Said, 'tunnel'> {
  return tls === undefined ? {} : { tunnel: tls };
}

/** Receipts from before tunnels were told apart do not say what they opened. */
function isSameTunnel(recorded: Said, candidate: Said): boolean {
  return recorded.tunnel === undefined || recorded.tunnel === candidate.tunnel;
}

function isSame(a: Said, b: Said): boolean {
  const isSameRule = a.verdict === b.verdict && a.reason === b.reason && a.rule_id === b.rule_id;
  const isSameAnswer = responseText(a.response) === responseText(b.response);
  return isSameRule && isSameTunnel(a, b) && isSameStream(a.stream, b.stream) && isSameAnswer;
}
