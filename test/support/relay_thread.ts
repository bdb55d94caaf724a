import { Worker } from 'node:worker_threads';
import type { RelayPlaces } from '../../src/relay/ports.ts';

const SOURCE = new URL('../../src/relay/relay_worker.ts', import.meta.url).href;

/** The thread of a relay, run from its source. `before` is code that runs first in it. */
export function relayThread(places: RelayPlaces, before = ''): Worker {
  const load = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(SOURCE)}); })`;
  return new Worker(`${before};${load}`, { eval: true, workerData: places });
}
