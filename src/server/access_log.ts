import { setTimeout as sleep } from 'node:timers/promises';
import type { AccessLogOptions } from './access_log_sink.ts';
import { asError, Tail } from './access_log_tail.ts';

export interface AccessLogTail {
  /** Reads until nothing is new, as if a poll came now. */
  drain(): Promise<void>;
  /** Last read, last gap report, then no more. */
  stop(): Promise<void>;
}

const POLL_MS = 400;
const GAP_MS = 5_000;

/** Follows the logs of every run of Envoy and closes receipts from them. */
export function tailAccessLogs(options: AccessLogOptions): AccessLogTail {
  const tail = new Tail(options);
  const ended = new AbortController();
  let turn = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    turn = turn.then(work).catch((error: unknown) => options.onError(asError(error)));
    return turn;
  };
  const pass = (): Promise<void> => inTurn(() => tail.pass());
  const gapMs = options.gapMs ?? GAP_MS;
  const loop = async (): Promise<void> => {
    let reported = performance.now();
    while (!ended.signal.aborted) {
      await pass();
      if (performance.now() - reported >= gapMs) {
        await inTurn(() => tail.report(gapMs));
        reported = performance.now();
      }
      await sleep(options.pollMs ?? POLL_MS, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  };
  const running = loop();
  return {
    drain: pass,
    async stop() {
      ended.abort();
      await running;
      await pass();
      await inTurn(() => tail.report(0));
      await tail.swept();
      await tail.marked();
    },
  };
}
