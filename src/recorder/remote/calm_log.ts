import type { ServiceLog } from './service.ts';

/** Warnings about peers in one window; a stranger must not be able to fill the disk with them. */
export const WARNINGS_MAX = 20;
const WINDOW_MS = 10_000;

/** The same log, with no more warnings than `WARNINGS_MAX` in a window; the first one after says how many were left out. */
export function calmLog(log: ServiceLog, nowMs: () => number = () => performance.now()): ServiceLog {
  let since = Number.NEGATIVE_INFINITY;
  let said = 0;
  return {
    info: (fields, message) => log.info(fields, message),
    warn(fields, message) {
      if (nowMs() - since >= WINDOW_MS) {
        const left_out = Math.max(0, said - WARNINGS_MAX);
        if (left_out > 0) log.warn({ left_out }, 'warnings about peers of the recorder were left out');
        since = nowMs();
        said = 0;
      }
      said += 1;
      if (said <= WARNINGS_MAX) log.warn(fields, message);
    },
  };
}
