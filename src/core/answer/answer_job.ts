import type { PriceTable } from '../ai/prices.ts';
import type { JsonCode } from '../body/json_problem.ts';
import type { BuiltValue } from '../body/value_builder.ts';
import type { AiFacts } from '../contract/body_facts.ts';
import type { ResponseDemands } from '../contract/demands.ts';
import type { InspectionFinding } from '../receipt/inspection_facts.ts';
import type { AnswerCode } from './codes.ts';
import type { NewDigest } from './rolling_digest.ts';

/** An answer before its first byte, and what is asked of it. */
export interface AnswerJob {
  readonly demands: ResponseDemands;
  readonly status: number;
  /** In wire order, duplicates kept, pseudo headers excluded. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** What the request was. */
  readonly ai?: AiFacts;
  /** Of a request of JSON-RPC. */
  readonly rpc_id?: string | number;
  readonly receipt_id: string;
}

/** The first mistake; undefined: none. A schema that nobody has is a mistake of every value. */
export type CheckSchema = (
  schema_hash: string,
  value: BuiltValue,
) => { readonly pointer: string } | undefined;

export interface AnswerParts {
  readonly checkSchema: CheckSchema;
  readonly newDigest: NewDigest;
  readonly prices: PriceTable;
}

export interface AnswerProblem {
  readonly code: AnswerCode | JsonCode;
  readonly pointer?: string;
  /** Byte of the answer; of JSON answers only. */
  readonly offset?: number;
}

/** What a piece of an answer comes to; `ReadStep` of the server's port. */
export interface AnswerStep {
  readonly forward: Uint8Array;
  readonly facts: readonly InspectionFinding[];
  readonly end?: 'complete' | 'cut' | 'blocked';
  /** Bytes that stay with the reader; absent: none to speak of. */
  readonly kept?: number;
}

/** Reads one answer, piece by piece. Behind an end, or an abort, nothing comes any more. */
export interface AnswerPipe {
  /** `now_ms`: any clock that does not step back. `isCrowded`: nothing more may be kept. */
  feed(chunk: Uint8Array, isLast: boolean, now_ms: number, isCrowded?: boolean): AnswerStep;
  abort(by: 'client' | 'upstream'): AnswerStep;
}

export const NOTHING = new Uint8Array(0);
