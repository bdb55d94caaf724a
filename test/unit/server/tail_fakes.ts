import type { OutcomeSink } from '../../../src/server/access_log_sink.ts';
import type { GapReport } from '../../../src/server/gap_counter.ts';
import type { Closure } from '../../../src/server/ports.ts';

/** The recorder as the tail sees it: remembers positions like the journal does. */
export class FakeSink implements OutcomeSink {
  readonly closures: Closure[] = [];
  readonly gaps: GapReport[] = [];
  readonly swept: string[] = [];
  readonly positions = new Map<string, number>();
  readonly counted = new Map<string, number>();
  /** Set to hold closures back, as an idle recorder does. */
  held: Promise<void> | undefined;
  known: ReadonlySet<string> | undefined;
  failing = false;

  async close(closure: Closure): Promise<void> {
    this.closures.push(closure);
    await this.held;
    if (this.failing) throw new Error('disk full');
    const { log_file_id = '', offset = 0 } = closure.source;
    if (closure.receipt_id !== undefined)
      this.positions.set(log_file_id, Math.max(offset, this.positions.get(log_file_id) ?? 0));
  }
  logPosition(fileId: string): number | undefined {
    return this.positions.get(fileId);
  }
  async sweep(epoch: string): Promise<void> {
    if (this.failing) throw new Error('disk full');
    this.swept.push(epoch);
  }
  async gap(report: GapReport): Promise<void> {
    this.gaps.push(report);
    this.counted.set(report.log_file_id, report.offset);
  }
  gapPosition(fileId: string): number | undefined {
    return this.counted.get(fileId);
  }
  decided(requestId: string): boolean {
    return this.known?.has(requestId) ?? false;
  }
}

export interface Line {
  readonly receipt?: string;
  readonly request?: string | null;
  readonly details?: string;
  readonly flags?: string;
}

export function line({
  receipt,
  request = `req-${receipt ?? 'x'}`,
  details = 'via_upstream',
  flags = '-',
}: Line): string {
  const ids = { receipt_id: receipt ?? null, request_id: request, stream_id: request };
  const numbers = {
    code: 200,
    bytes_in: 1,
    bytes_out: 2,
    duration_ms: 3,
    attempts: 1,
    start_ms: '1700000000000',
    upstream_ms: 1,
  };
  return `${JSON.stringify({ ...ids, ...numbers, details, flags, route: 'plain', upstream: '127.83.1.2:80' })}\n`;
}
