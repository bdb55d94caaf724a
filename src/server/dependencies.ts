import type { Mac } from '../core/canonical/sealed_text.ts';
import type { Degradation } from '../core/identity/principal.ts';
import type { ReasonCode } from '../core/verdict/reasons.ts';
import type { RecorderPort, Snapshot } from './ports.ts';
import type { SelfRecorder } from './self/ports.ts';
import type { Sleepers } from './sleepers.ts';

/** The trace of one Check, when the request is sampled. */
export interface CheckSpan {
  /** From the proposal to the recorder's answer; call the result when it has come. */
  recording(): () => void;
  end(facts: { readonly reason: ReasonCode; readonly recorded: boolean; readonly receiptId: string }): void;
}

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
  /** The same on every gateway of this host. */
  readonly mac: Mac;
  /** A request came through a tunnel whose handshake asked this Envoy for this name, spelled like this. */
  readonly intercepted?: (node: string, sni: string) => void;
  readonly settings: CheckSettings;
  /** Places for answers that wait for their slot; of this process. */
  readonly sleepers: Sleepers;
  /** Answers agents about themselves; absent: nobody does, and their questions are denied. */
  readonly self?: SelfRecorder;
  /** `traceparent` is what Envoy sent with the call. */
  readonly trace?: (traceparent: string | undefined) => CheckSpan | undefined;
  readonly log: { error(fields: object, message: string): void };
  readonly metrics: {
    /** Once per Check; `recorded` says whether a durable decision stands behind the answer. */
    checked(reason: ReasonCode, recorded: boolean, durationUs: number): void;
    /** A Check was answered with neither a decision nor a denial: the body decides. */
    held?(durationUs: number): void;
    /** An answer was held back for its slot. */
    delayed?(ms: number): void;
    /** Somebody acts on what could not be checked, because the environment's `fail_mode` is open. */
    degraded?(what: Degradation): void;
  };
}

export interface CheckSettings {
  readonly gatewayId: string;
  /** Secret shared with Envoy's stamp guard. */
  readonly stamp: string;
  /** Ports of our own listeners. */
  readonly selfPorts: readonly number[];
  /** Envoy's time-out for one Check. */
  readonly checkTimeoutMs: number;
}
