import type { SinkRefusal } from './json_problem.ts';

export type JsonScalar = string | number | boolean | null;

/**
 * Receives what a JsonReader reads, in order. Offsets count bytes of the text. Each answer other than undefined ends
 * the reading with that code. The receiver keeps track of the path by itself: it alone knows what of it is needed.
 */
export interface JsonSink {
  /**
   * Bytes of a string, as written, that the receiver holds for the next scalar; undefined when it wants no value: strings then
   * pass by unbuffered and arrive as undefined. Asked at the first byte of each scalar.
   */
  readonly room: number | undefined;
  open(kind: 'object' | 'array', offset: number): SinkRefusal | undefined;
  /** `end` is the offset behind the closing bracket. */
  close(end: number): SinkRefusal | undefined;
  /** Names are decoded and, unless the limits allow them, never come twice. */
  key(name: string, offset: number): SinkRefusal | undefined;
  scalar(value: JsonScalar | undefined, offset: number, end: number): SinkRefusal | undefined;
}
