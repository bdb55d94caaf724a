import { LINE_BYTES_MAX } from '../core/canonical/dsse.ts';
import type { Batch } from './batch.ts';
import type { RecorderSigner } from './options.ts';
import { BATCH_BYTES_MAX } from './recovery.ts';

/** Something that waits for a commit. `write` adds its lines, or none, and what to do once they are durable. */
export interface Work {
  write(batch: Batch, signer: RecorderSigner): void;
  /** It was not made durable and never will be by this process. */
  refuse(error: Error): void;
}

/** In the order they came. A batch stops short of the size that recovery takes for one torn write. */
export function takeWorks(
  from: Work[],
  count: number,
  batch: Batch,
  signer: RecorderSigner,
  taken: Work[],
): void {
  for (let i = 0; i < count && batch.bytes + LINE_BYTES_MAX < BATCH_BYTES_MAX; i++) {
    const work = from.shift();
    if (work === undefined) return;
    taken.push(work);
    work.write(batch, signer);
  }
}
