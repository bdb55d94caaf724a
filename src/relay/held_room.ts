/** Bytes of all sessions of one relay together that wait for the rest of their frames. */
const HELD_BYTES_MAX = 134_217_728;

/** What each session has whatever others hold; more than most messages are. */
const OWN_BYTES = 65_536;

/** Memory for frames that are held back until they are judged, shared by the sessions of a relay. */
export class HeldRoom {
  readonly #max: number;
  #held = 0;

  constructor(max = HELD_BYTES_MAX) {
    this.#max = max;
  }

  /**
   * A session that held `before` bytes wants to hold `after`. False, and nothing is changed, when there is no room for
   * more: nobody else pays for whoever fills it.
   */
  change(before: number, after: number): boolean {
    const more = beyondOwn(after) - beyondOwn(before);
    if (more > 0 && this.#held + more > this.#max) return false;
    this.#held += more;
    return true;
  }
}

function beyondOwn(bytes: number): number {
  return Math.max(0, bytes - OWN_BYTES);
}
