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
    const own = (this.#perAgent.get(agent) ?? 0) + size;
    if (this.#taken + size > this.#bytesMax || own > this.#bytesMax / SHARES) return undefined;
    this.#taken += size;
    this.#perAgent.set(agent, own);
    return new Admitted(() => this.#leave(agent, size));
  }

  #leave(agent: string, size: number): void {
    this.#taken -= size;
    const left = (this.#perAgent.get(agent) ?? 0) - size;
    if (left > 0) this.#perAgent.set(agent, left);
    else this.#perAgent.delete(agent);
  }
}

/** Room for one body. */
export class Admitted {
  #leave: (() => void) | undefined;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  /** Once, however often it is asked for. */
  release(): void {
    this.#leave?.();
    this.#leave = undefined;
  }
}
