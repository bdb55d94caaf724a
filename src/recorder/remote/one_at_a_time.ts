/**
 * At most one run under way and one to come, however many ask: whoever asks gets a run that begins afterwards. A run
 * begins `pauseMs` after the one before has ended at the earliest, so that asking without end leaves time for the rest.
 */
export function oneAtATime<T>(work: () => Promise<T>, pauseMs: number): () => Promise<T> {
  let last: Promise<unknown> | undefined;
  let next: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    next = undefined;
    const running = work();
    const rest = async () => {
      await running.catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    };
    const rested = rest().then(() => {
      if (last === rested) last = undefined;
    });
    last = rested;
    return running;
  };
  return () => {
    if (next !== undefined) return next;
    if (last === undefined) return begin();
    next = last.then(begin);
    return next;
  };
}
