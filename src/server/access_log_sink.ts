import type { GapReport } from './gap_counter.ts';
import type { Closure } from './ports.ts';

/** What the tail asks of the recorder. */
export interface OutcomeSink {
  close(closure: Closure): Promise<void>;
  /** End of the last log line of that file that led to an outcome record. */
  logPosition(fileId: string): number | undefined | Promise<number>;
  /** End of the last log line of that file whose gaps are recorded. */
  gapPosition?(fileId: string): number | undefined | Promise<number>;
  /** Closes what is still open of that epoch as `unknown`; resolves when durable. */
  sweep(epoch: string): Promise<void>;
  /** A `gap` record; resolves when durable. */
  gap(report: GapReport): Promise<void>;
  /** Whether a decision stands behind a request whose Check gave no answer to Envoy. Absent: only timed-out ones are gaps. */
  decided?(requestId: string): boolean | Promise<boolean>;
  /** Records the denial of a request of that run whose body never came; whether it is recorded. Absent: it is a gap. */
  late?(pending: string, epoch: string): Promise<boolean>;
}

export interface AccessLogOptions {
  /** Holds one folder per run of Envoy. */
  readonly envoyDir: string;
  readonly sink: OutcomeSink;
  /** The log could not be read or an outcome not be written; reading goes on with the next poll. */
  readonly onError: (error: Error) => void;
  readonly pollMs?: number;
  readonly gapMs?: number;
  readonly chunkBytes?: number;
}
