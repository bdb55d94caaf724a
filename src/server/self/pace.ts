/** Answers that one agent, and all agents together, get from one gateway in a second. */
export const AGENT_ANSWERS_PER_S = 20;
export const ANSWERS_PER_S = 200;
const US_PER_S = 1_000_000;

/** Keeps what agents ask about themselves from taking time that decisions need. Remembers no more than one second. */
export class Pace {
  readonly #agents = new Map<string, number>();
  #second = -1;
  #given = 0;

  /** `monoUs`: monotonic clock. */
  admits(agent: string, monoUs: number): boolean {
    const second = Math.floor(monoUs / US_PER_S);
    if (second !== this.#second) this.#begin(second);
    const given = this.#agents.get(agent) ?? 0;
    if (given >= AGENT_ANSWERS_PER_S || this.#given >= ANSWERS_PER_S) return false;
    this.#agents.set(agent, given + 1);
    this.#given += 1;
    return true;
  }

  #begin(second: number): void {
    this.#second = second;
    this.#given = 0;
    this.#agents.clear();
  }
}
