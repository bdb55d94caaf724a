import type { ReasonCode } from '../core/verdict/reasons.ts';
import type { RecorderPort, Snapshot } from './ports.ts';

/** Everything a Check needs from outside; the composition root wires it. */
export interface CheckDependencies {
  /** The policy and registry in force now. */
  snapshot(): Snapshot;
  readonly recorder: Pick<RecorderPort, 'append'>;
  readonly ids: { receiptId(): string };
  /** Wall clock in milliseconds, monotonic clock in microseconds. */
  readonly clock: { nowMs(): number; monoUs(): number };
  /** The 32-byte salt of one committed value. */
  salt(receiptId: string, pointer: string): Uint8Array;
  readonly settings: CheckSettings;
  readonly log: { error(fields: object, message: string): void };
  readonly metrics: {
    /** Once per Check; `recorded` says whether a durable decision stands behind the answer. */
    checked(reason: ReasonCode, recorded: boolean, durationUs: number): void;
  };
}

export interface CheckSettings {
  readonly gatewayId: string;
  /** Secret shared with Envoy's stamp guard. */
  readonly stamp: string;
  /** Ports of our own listeners. */
  readonly selfPorts: readonly number[];
}
