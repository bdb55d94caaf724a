import { type BodyMistake, bodyMistake } from './body_mistake.ts';
import type { DecisionRecord, InspectionRecord, JournalRecord, OutcomeRecord } from './records.ts';

/** What an agent is told about one of its receipts. */
export interface ToldReceipt
  extends Pick<
    DecisionRecord,
    'receipt_id' | 'ts' | 'verdict' | 'reason' | 'rule_id' | 'policy_hash' | 'retry_after_ms' | 'delay_ms'
  > {
  /** Canonical host, as far as it was read. */
  readonly request: Pick<DecisionRecord['request'], 'mode' | 'method' | 'authority' | 'port'>;
  /** What a denial found wrong in the body. */
  readonly body?: BodyMistake;
  /** Absent while none is known. */
  readonly outcome?: Pick<
    OutcomeRecord,
    'state' | 'status' | 'bytes_in' | 'bytes_out' | 'latency_ms' | 'cause'
  >;
  /** The last ones, at most `TOLD_INSPECTIONS_MAX`; marks in between are left out. */
  readonly inspections?: readonly ToldInspection[];
}

export type ToldInspection = Pick<
  InspectionRecord,
  'part' | 'state' | 'format' | 'problem' | 'model' | 'usage' | 'cost_micro_usd'
>;

export const TOLD_INSPECTIONS_MAX = 4;

/** Whose receipt it has to be. */
export interface ReceiptAsk {
  readonly receipt_id: string;
  readonly tenant_id: string;
  readonly agent_id: string;
}

/** The newest receipts of one agent that are kept, and of all together: an agent that asks a lot pushes out its own. */
export const AGENT_RECEIPTS_MAX = 512;
export const RECEIPTS_MAX = 20_000;

interface Kept {
  readonly owner: string;
  readonly envoy_epoch: string;
  told: ToldReceipt;
}

/** The newest receipts of each agent, to be asked for without reading a journal. A fold over journal records. */
export class RecentReceipts {
  readonly #kept = new Map<string, Kept>();
  /** Ids by agent, oldest first; the agent that has been quiet longest comes first. */
  readonly #agents = new Map<string, Set<string>>();

  get size(): number {
    return this.#kept.size;
  }

  fold(record: JournalRecord): void {
    if (record.type === 'decision') this.#decided(record);
    if (record.type === 'outcome') this.#ended(record);
    if (record.type === 'inspection') this.#inspected(record);
  }

  /** Undefined for what is unknown, too old or somebody else's: whoever asks cannot tell which. */
  find({ receipt_id, tenant_id, agent_id }: ReceiptAsk): ToldReceipt | undefined {
    const kept = this.#kept.get(receipt_id);
    return kept?.owner === ownerOf(tenant_id, agent_id) ? kept.told : undefined;
  }

  /** The run of Envoy that asked for the decision. */
  epochOf(receipt_id: string): string | undefined {
    return this.#kept.get(receipt_id)?.envoy_epoch;
  }

  #decided(record: DecisionRecord): void {
    const { identity, receipt_id, envoy_epoch } = record;
    // Nobody can show that an anonymous denial was theirs.
    if (identity === undefined) return;
    const owner = ownerOf(identity.tenant_id, identity.agent_id);
    const ids = this.#agents.get(owner) ?? new Set();
    this.#agents.delete(owner);
    this.#agents.set(owner, ids.add(receipt_id));
    this.#kept.set(receipt_id, { owner, envoy_epoch, told: toldOf(record) });
    if (ids.size > AGENT_RECEIPTS_MAX) this.#forgetOldest(owner, ids);
    if (this.#kept.size <= RECEIPTS_MAX) return;
    const [quietest] = this.#agents;
    if (quietest !== undefined) this.#forgetOldest(...quietest);
  }

  #ended({ decision_ref, state, status, bytes_in, bytes_out, latency_ms, cause }: OutcomeRecord): void {
    const kept = this.#kept.get(decision_ref);
    if (kept === undefined) return;
    const outcome = {
      ...{ state, bytes_in, bytes_out, latency_ms },
      ...(status === undefined ? {} : { status }),
      ...(cause === undefined ? {} : { cause }),
    };
    kept.told = { ...kept.told, outcome };
  }

  #inspected(record: InspectionRecord): void {
    const kept = this.#kept.get(record.decision_ref);
    if (kept === undefined || record.state === 'mark') return;
    const inspections = [...(kept.told.inspections ?? []), inspectionOf(record)].slice(-TOLD_INSPECTIONS_MAX);
    kept.told = { ...kept.told, inspections };
  }

  #forgetOldest(owner: string, ids: Set<string>): void {
    const [oldest] = ids;
    if (oldest === undefined) return;
    ids.delete(oldest);
    this.#kept.delete(oldest);
    if (ids.size === 0) this.#agents.delete(owner);
  }
}

/** Ids of tenants and agents hold no slash. */
function ownerOf(tenant_id: string, agent_id: string): string {
  return `${tenant_id}/${agent_id}`;
}

function toldOf(record: DecisionRecord): ToldReceipt {
  const { receipt_id, ts, verdict, reason, rule_id, policy_hash, retry_after_ms, delay_ms } = record;
  const { mode, method, authority, port } = record.request;
  const body = bodyMistake(reason, record.request.body);
  return {
    ...{ receipt_id, ts, verdict, reason, policy_hash },
    ...(rule_id === undefined ? {} : { rule_id }),
    ...(retry_after_ms === undefined ? {} : { retry_after_ms }),
    ...(delay_ms === undefined ? {} : { delay_ms }),
    request: {
      mode,
      ...(method === undefined ? {} : { method }),
      ...(authority === undefined ? {} : { authority }),
      ...(port === undefined ? {} : { port }),
    },
    ...(body === undefined ? {} : { body }),
  };
}

function inspectionOf(record: InspectionRecord): ToldInspection {
  const { part, state, format, problem, model, usage, cost_micro_usd } = record;
  return {
    ...{ part, state, format },
    ...(problem === undefined ? {} : { problem }),
    ...(model === undefined ? {} : { model }),
    ...(usage === undefined ? {} : { usage }),
    ...(cost_micro_usd === undefined ? {} : { cost_micro_usd }),
  };
}
