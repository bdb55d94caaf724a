import type { InspectionFinding } from '../core/receipt/inspection_facts.ts';
import type { BundleRef, OutcomeFacts, OutcomeRecord, PolicyRecord } from '../core/receipt/records.ts';

/** How one allowed request ended. Same shape as the gateway's port asks for. */
export interface OutcomeNotice {
  readonly receipt_id?: string;
  readonly request_id: string;
  readonly facts: OutcomeFacts;
  readonly source: OutcomeRecord['source'];
}

/** What was found in an answer or a streamed body. Same shape as the gateway's port asks for. */
export interface InspectionNotice {
  readonly receipt_id: string;
  readonly facts: InspectionFinding;
  /** Exactly where `facts.state` is not `mark`. */
  readonly is_end: boolean;
}

export interface PolicyFacts {
  readonly policy_id: string;
  readonly policy_hash: string;
  /** JCS bytes of the document; must hash to `policy_hash`. */
  readonly canonical: Uint8Array;
  readonly registry_hash: string;
  /** Canonical registry document, when it is to be kept as an artifact; must hash to `registry_hash`. */
  readonly registry?: Uint8Array;
  readonly trust: PolicyRecord['trust'];
  /** With `signed`: which bundle, and who signed it. */
  readonly bundle?: BundleRef;
  /** Called in the commit itself, before anything judged under the older hashes is sent back: swap the snapshot here. */
  readonly activate?: () => void;
}
