import type { ReadStep } from '../server/inspect/ports.ts';

/** Reads something that comes in pieces, inside a thread. What it throws ends it: whoever waits is refused. */
export interface StatefulReader {
  /** The piece is the reader's own; what it hands on is given away. */
  feed(chunk: Uint8Array, isLast: boolean, isCrowded: boolean): ReadStep;
  abort(by: 'client' | 'upstream'): ReadStep;
}
