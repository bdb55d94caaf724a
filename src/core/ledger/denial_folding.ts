import { RECORD_CAPS } from '../receipt/common_fields.ts';
import type { AggregateFacts, DenialCount } from '../receipt/records.ts';
import type { FoldedDenial } from '../verdict/proposal.ts';
import type { ReasonCode } from '../verdict/reasons.ts';
import { type Recall, RequestMemory } from './request_memory.ts';

/** Whose denial it is: an agent's, or when nobody could be named, a client address with its port. */
export type Denied = { readonly tenant_id: string; readonly agent_id: string } | { readonly source: string };

/** Keys whose rate is measured in one second; what comes beyond shares one. */
export const RATE_KEYS_MAX = 8_192;
/** Keys counted apart until the next flush; what comes beyond is counted by reason alone. */
export const COUNT_KEYS_MAX = 1_024;
/** Folded requests whose repetition is recognised. */
const FOLDED_REQUESTS_MAX = 65_536;

const US_PER_S = 1_000_000;
const OTHERS = '*';

/**
 * Counts denials instead of having them written when more than a number per second come of one kind. Decides and counts;
 * writing is the caller's. It never sees an allow. Not part of the ledger: denials charge nothing.
 */
export class DenialFolding {
  readonly #per_second: number;
  readonly #requests: RequestMemory<FoldedDenial>;
  #second = -1;
  readonly #rates = new Map<string, number>();
  readonly #counts = new Map<string, { count: number } & Omit<DenialCount, 'count'>>();
  #from_ts = '';
  #to_ts = '';

  /** `request_window_us`: how long a repeated request gets its first answer. */
  constructor(per_second: number, request_window_us: number) {
    this.#per_second = per_second;
    this.#requests = new RequestMemory(request_window_us);
  }

  get pending(): boolean {
    return this.#counts.size > 0;
  }

  recall(key: string, digest: string, now_us: number): Recall<FoldedDenial> {
    return this.#requests.recall(key, digest, now_us);
  }

  /** Whether this denial is one too many of its kind in this second. Notes it either way. */
  isTooMany(reason: ReasonCode, denied: Denied, now_us: number): boolean {
    const second = Math.floor(now_us / US_PER_S);
    if (second !== this.#second) this.#rates.clear();
    this.#second = second;
    const own = `${reason} ${nameOf(denied)}`;
    const key = this.#rates.has(own) || this.#rates.size < RATE_KEYS_MAX ? own : OTHERS;
    const seen = (this.#rates.get(key) ?? 0) + 1;
    this.#rates.set(key, seen);
    return seen > this.#per_second;
  }

  /** `ts` is the moment of judgment. */
  count(
    denial: FoldedDenial,
    denied: Denied,
    request: { readonly key: string; readonly digest: string; readonly now_us: number; readonly ts: string },
  ): void {
    const { reason } = denial;
    const own = `${reason} ${nameOf(denied)}`;
    const apart = this.#counts.has(own) || this.#counts.size < COUNT_KEYS_MAX;
    const key = apart ? own : `${reason} ${OTHERS}`;
    const entry = this.#counts.get(key) ?? { reason, count: 0, ...(apart ? membersOf(denied) : {}) };
    if (this.#counts.size === 0) this.#from_ts = this.#to_ts = request.ts;
    if (request.ts < this.#from_ts) this.#from_ts = request.ts;
    if (request.ts > this.#to_ts) this.#to_ts = request.ts;
    entry.count++;
    this.#counts.set(key, entry);
    this.#requests.age(request.now_us);
    if (this.#requests.size < FOLDED_REQUESTS_MAX)
      this.#requests.remember(request.key, request.digest, denial, request.now_us);
  }

  /** Hands over what was counted, as records of a bounded size. */
  take(): AggregateFacts[] {
    const counts = [...this.#counts.values()];
    this.#counts.clear();
    const records: AggregateFacts[] = [];
    for (let i = 0; i < counts.length; i += RECORD_CAPS.aggregate_counts) {
      records.push({
        lifecycle: 'aggregate',
        from_ts: this.#from_ts,
        to_ts: this.#to_ts,
        counts: counts.slice(i, i + RECORD_CAPS.aggregate_counts),
      });
    }
    return records;
  }
}

function nameOf(denied: Denied): string {
  return 'source' in denied ? addressOf(denied.source) : `${denied.tenant_id}/${denied.agent_id}`;
}

function membersOf(denied: Denied): Omit<DenialCount, 'reason' | 'count'> {
  if ('source' in denied) return { source: addressOf(denied.source) };
  return { tenant_id: denied.tenant_id, agent_id: denied.agent_id };
}

/** A client opens a port of its own for each connection: only the address names it. */
function addressOf(source: string): string {
  const colon = source.lastIndexOf(':');
  return colon > 0 ? source.slice(0, colon) : source;
}
