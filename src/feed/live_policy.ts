import type { CompiledPolicy } from '../core/policy/compiled.ts';
import type { BundleRef, PolicyRecord } from '../core/receipt/records.ts';
import type { PolicyLapse } from '../core/verdict/proposal.ts';

/** A policy in force, and who vouches for it. */
export interface LivePolicy {
  readonly policy: CompiledPolicy;
  readonly trust: PolicyRecord['trust'];
  /** With `signed`. */
  readonly bundle?: BundleRef;
  /** Whether that bundle is still vouched for at this wall time. */
  readonly lapse?: (now_ms: number) => PolicyLapse | undefined;
}
