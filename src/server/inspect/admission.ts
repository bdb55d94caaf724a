/** What one agent can hold of all bytes: a quarter. */
const SHARES = 4;
/** Counted for every request, so that empty ones are bounded, too. */
const BYTES_LEAST = 4_096;

/** Bytes of bodies that may be held for inspection at one time by this process. A place is taken before the body comes. */
export class Admission {
  readonly #bytesMax: number;
  #taken = 0;
  readonly #perAgent = new Map<string, number>();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes that are held for now. */
  get taken(): number {
    return this.#taken;
  }

  /** Undefined when there is no room: for anybody, or for this agent. */
  admit(agent: string, bytes: number): Admitted | undefined {
    const size = Math.max(bytes, BYTES_LEAST);
    if (!this.#take(agent, size)) return undefined;
    return new Admitted(size, {
      take: (more) => this.#take(agent, more),
      leave: (some) => this.#leave(agent, some),
    });
  }

  #take(agent: string, more: number): boolean {
    const own = (this.#perAgent.get(agent) ?? 0) + more;
    if (this.#taken + more > this.#bytesMax || own > this.#bytesMax / SHARES) return false;
    this.#taken += more;
    this.#perAgent.set(agent, own);
    return true;
  }

  #leave(agent: string, size: number): void {
    this.#taken -= size;
    const left = (this.#perAgent.get(agent) ?? 0) - size;
    if (left > 0) this.#perAgent.set(agent, left);
    else this.#perAgent.delete(agent);
  }
}

interface Hold {
  take(more: number): boolean;
  leave(some: number): void;
}

/** Room for one body. */
export class Admitted {
  #bytes: number;
  #hold: Hold | undefined;

  constructor(bytes: number, hold: Hold) {
    this.#bytes = bytes;
    this.#hold = hold;
  }

  /** More or less of it from now on; false, and as before, when there is no more. */
  resize(bytes: number): boolean {
    const more = bytes - this.#bytes;
    if (this.#hold === undefined) return more <= 0;
    if (more > 0 && !this.#hold.take(more)) return false;
    if (more < 0) this.#hold.leave(-more);
    this.#bytes = bytes;
    return true;
  }

  /** Once, however often it is asked for. */
  release(): void {
    this.#hold?.leave(this.#bytes);
    this.#hold = undefined;
  }
}
