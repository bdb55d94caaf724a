/**
 * Wall time that never goes back, in milliseconds since the epoch: when the clock of the machine is set back, time goes
 * on at the pace of the monotonic clock. An expired bundle does not come to life again that way.
 *
 * `notBefore_ms`: a moment that has certainly passed, so that a restart forgets nothing.
 */
export function steadyClock(
  notBefore_ms: number,
  wall_ms: () => number = Date.now,
  mono_ms: () => number = () => performance.now(),
): () => number {
  let newest_ms = Math.max(notBefore_ms, wall_ms());
  let read_ms = mono_ms();
  return () => {
    const now_ms = mono_ms();
    newest_ms = Math.max(newest_ms + now_ms - read_ms, wall_ms());
    read_ms = now_ms;
    return Math.floor(newest_ms);
  };
}
