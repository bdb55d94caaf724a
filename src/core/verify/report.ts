import type { Population } from '../bundle/population.ts';
import type { Finding, Findings } from './findings.ts';

/**
 * `VERIFIED`: every check passed against the trust file. `SELF_CONSISTENT`: the same without one, which says nothing
 * about who signed. `END_UNPROVEN`: all good but for records beyond the checkpoint. `EMPTY`: no records,
 * whatever else was found. `REFUSED`: anything else. Only the first is a yes.
 */
export type VerifyVerdict = 'VERIFIED' | 'SELF_CONSISTENT' | 'END_UNPROVEN' | 'EMPTY' | 'REFUSED';

export interface VerifyReport {
  readonly verdict: VerifyVerdict;
  /** At most FINDINGS_MAX; `findings_total` counts all. */
  readonly findings: readonly Finding[];
  readonly findings_total: number;
  /** Absent when no record could be read. */
  readonly log?: { readonly log_id: string; readonly issuer: string; readonly origin: string };
  readonly range?: {
    /** From genesis on. */
    readonly complete: boolean;
    readonly first_seq: number;
    readonly last_seq: number;
    readonly first_ts: string;
    readonly last_ts: string;
  };
  readonly population: Population;
  /** Root is hex. */
  readonly checkpoint?: { readonly size: number; readonly root: string };
  readonly keys: readonly {
    readonly key_id: string;
    readonly purpose: 'root' | 'receipt' | 'log';
    /** Records signed in this range. */
    readonly records: number;
  }[];
  /** What no check of ours can rule out; to be shown with every verdict. */
  readonly caveats: readonly string[];
}

export const CAVEATS = {
  NO_WITNESS:
    'No outside party has cosigned this log: whoever holds its keys could have rewritten history before the last head that somebody else has seen.',
  NO_TRUST:
    'No trust file: the keys come from the bundle itself, which proves nothing about who signed. Pass --trust with a file you got another way.',
} as const;

export function verdictOf(findings: Findings, hasTrust: boolean): VerifyVerdict {
  if (findings.has('EMPTY')) return 'EMPTY';
  if (findings.refuses) return 'REFUSED';
  if (findings.has('END_UNPROVEN')) return 'END_UNPROVEN';
  return hasTrust ? 'VERIFIED' : 'SELF_CONSISTENT';
}
