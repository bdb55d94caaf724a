import type { PriceTable } from '../core/ai/prices.ts';
import type { PolicySchema, ReadStep, RequestFinding } from '../server/inspect/ports.ts';
import type { AnswerJob, WholeJob } from './jobs.ts';
import type { StreamedJob } from './streamed_request.ts';

/** What a thread is given when it starts. */
export interface ThreadData {
  readonly prices: PriceTable;
}

/** What opens a reader that stays in its thread. */
export type Opening =
  | { readonly kind: 'streamed'; readonly job: StreamedJob }
  | { readonly kind: 'answer'; readonly job: AnswerJob };

/** Work that is answered. */
export type Order =
  | { readonly kind: 'request'; readonly job: WholeJob }
  | {
      readonly kind: 'feed';
      readonly reader: number;
      readonly chunk: Uint8Array;
      readonly isLast: boolean;
      readonly isCrowded: boolean;
    }
  | { readonly kind: 'abort'; readonly reader: number; readonly by: 'client' | 'upstream' };

/** In the order in which they are sent. Schemas count for everything behind them. */
export type ToThread =
  | { readonly kind: 'schemas'; readonly forget: boolean; readonly add: readonly NamedSchema[] }
  | { readonly kind: 'open'; readonly reader: number; readonly opening: Opening }
  | { readonly kind: 'close'; readonly reader: number }
  | { readonly kind: 'order'; readonly id: number; readonly order: Order };

export interface NamedSchema extends PolicySchema {
  readonly schema_hash: string;
}

/** `failed` names what was thrown, never what a client sent. */
export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly id: number; readonly outcome: Outcome };

export type Outcome =
  | { readonly kind: 'finding'; readonly finding: RequestFinding }
  | { readonly kind: 'step'; readonly step: ReadStep }
  | { readonly kind: 'failed'; readonly why: string };

/** Schemas that a thread keeps compiled. */
export const SCHEMAS_KEPT_MAX = 256;
/** Readers that are open in one thread. */
export const READERS_MAX = 4_096;
