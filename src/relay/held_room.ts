/** Bytes of all sessions of one relay together that wait for the rest of their frames. */
const HELD_BYTES_MAX = 134_217_728;

/** Memory for frames that are held back until they are judged, shared by the sessions of a relay. */
export class HeldRoom {
  readonly #max: number;
  #held = 0;

  constructor(max = HELD_BYTES_MAX) {
    this.#max = max;
  }

  /** A session holds so many bytes more, or fewer. False when that is more than there is room for. */
  change(bytes: number): boolean {
    this.#held += bytes;
    return this.#held <= this.#max;
  }
}
