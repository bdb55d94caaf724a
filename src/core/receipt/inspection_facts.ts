import type { Usage } from '../ai/usage.ts';
import type { BudgetSettlement } from '../ledger/budget_operation.ts';

/** What became of an answer, or of a streamed body, that somebody looked at. One `mark` for every so many events. */
export interface InspectionFacts {
  readonly part: 'request' | 'response';
  /**
   * `mark`: it goes on. `complete`, `client_abort`, `upstream_abort`: how it ended. `policy_cut`: we ended it. `blocked`: nothing
   * of it was handed on. `stripped`: some of it was taken out. `bypassed`: an explicit rule let it pass unread.
   */
  readonly state:
    | 'mark'
    | 'complete'
    | 'client_abort'
    | 'upstream_abort'
    | 'policy_cut'
    | 'blocked'
    | 'stripped'
    | 'bypassed';
  /** From 0, of this part of this request. */
  readonly index: number;
  readonly format: 'json' | 'json_lines' | 'sse' | 'other';
  /** Bytes so far as the sender sent them, and as they were handed on; hex SHA-256 of each, all from the beginning. */
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly digest_in: string;
  readonly digest_out: string;
  readonly events?: number;
  /** A rule was broken; with `alert` the state says `complete` all the same. */
  readonly problem?: { readonly code: string; readonly pointer?: string; readonly offset?: number };
  /** As the provider says. */
  readonly model?: string;
  readonly usage?: Usage;
  readonly cost_micro_usd?: number;
  /** Names of the tools that the model called, in their order. */
  readonly tool_calls?: readonly string[];
  /** What the budgets are charged in the end; of the last record of a response, exactly once. */
  readonly settled?: readonly BudgetSettlement[];
}

/** Facts as a gateway hands them in: what budgets are charged is the recorder's to say. */
export type InspectionFinding = Omit<InspectionFacts, 'settled'>;

/** Names of called tools in one record; of more, the first. */
export const TOOL_CALLS_RECORDED_MAX = 128;
/** Characters of the name of a called tool, visible ASCII; another name is recorded as `?`. */
export const TOOL_CALL_NAME_MAX = 64;

/** Whether this record is the last one of its part. */
export function isEnd({ state }: Pick<InspectionFacts, 'state'>): boolean {
  return state !== 'mark';
}
