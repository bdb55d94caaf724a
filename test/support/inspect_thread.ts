import { Worker } from 'node:worker_threads';

const SOURCE = new URL('../../src/inspect/inspect_worker.ts', import.meta.url).href;

/** The thread that inspects bodies, run from its source. `before` is code that runs first in it. */
export function inspectThread(workerData: unknown, before = ''): Worker {
  const load = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(SOURCE)}); })`;
  return new Worker(`${before};${load}`, { eval: true, workerData });
}
