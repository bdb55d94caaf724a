import type { InspectionFacts } from '../../core/receipt/inspection_facts.ts';
import type { ReasonCode } from '../../core/verdict/reasons.ts';
import type { CheckDependencies } from '../dependencies.ts';
import type { RecorderPort } from '../ports.ts';
import type { Admission } from './admission.ts';
import type { BodyInspector } from './ports.ts';

/** Everything that looking at bodies needs from outside, beside what Checks need. */
export interface InspectDependencies extends Omit<CheckDependencies, 'recorder' | 'metrics'> {
  readonly recorder: Pick<RecorderPort, 'append' | 'inspect'>;
  readonly inspector: BodyInspector;
  readonly admission: Admission;
  readonly metrics: Pick<CheckDependencies['metrics'], 'delayed' | 'degraded'> & {
    /** Once for each body that was waited for; as `checked` of Checks. */
    inspected?(reason: ReasonCode, recorded: boolean, durationUs: number): void;
    repaired?(): void;
    /** How an answer, or a streamed body, ended. */
    ended?(part: InspectionFacts['part'], state: InspectionFacts['state']): void;
    /** What an answer of a model says that it took, and what that costs where it is known. */
    used?(usage: NonNullable<InspectionFacts['usage']>, costMicroUsd: number | undefined): void;
  };
  /** How long a whole body may take to come, in milliseconds. */
  readonly bodyMs?: number;
}

/** As long as Envoy lets a connection be silent would be too long: the room for the body is taken all the while. */
export const BODY_MS = 120_000;
