import { setTimeout as sleepFor } from 'node:timers/promises';

/** Answers held back at one time. */
export const SLEEPERS_MAX = 1_000;
/** … of one agent, so that none keeps the others out. */
export const SLEEPERS_PER_AGENT_MAX = 50;
/** Time that a Check keeps for its record and its way back. */
export const DEADLINE_RESERVE_MS = 250;

/** Places for Checks whose answer waits for its slot. A place is taken before the slot is asked for. */
export class Sleepers {
  #taken = 0;
  readonly #perAgent = new Map<string, number>();

  /** Checks that hold a place: waiting, or being judged by a limit that may make them wait. */
  get count(): number {
    return this.#taken;
  }

  seat(): Seat {
    return new Seat(this);
  }

  /** False when there is no place left. */
  take(agent: string): boolean {
    const own = this.#perAgent.get(agent) ?? 0;
    if (this.#taken >= SLEEPERS_MAX || own >= SLEEPERS_PER_AGENT_MAX) return false;
    this.#taken++;
    this.#perAgent.set(agent, own + 1);
    return true;
  }

  leave(agent: string): void {
    this.#taken--;
    const left = (this.#perAgent.get(agent) ?? 1) - 1;
    if (left === 0) this.#perAgent.delete(agent);
    else this.#perAgent.set(agent, left);
  }
}

/** The place of one Check; holds one at most. */
export class Seat {
  readonly #sleepers: Sleepers;
  #agent: string | undefined;

  constructor(sleepers: Sleepers) {
    this.#sleepers = sleepers;
  }

  /** How long this Check could wait, `leftMs` before its deadline: 0 without a place. */
  bearableMs(agent: string, leftMs: number): number {
    const bearable = Math.max(0, Math.floor(leftMs) - DEADLINE_RESERVE_MS);
    if (bearable === 0) return 0;
    if (this.#agent === undefined && this.#sleepers.take(agent)) this.#agent = agent;
    return this.#agent === undefined ? 0 : bearable;
  }

  /** False when there is no place to wait in: a repeated Check whose first one got the slot. */
  async wait(ms: number): Promise<boolean> {
    if (this.#agent === undefined) return false;
    await sleepFor(ms);
    return true;
  }

  leave(): void {
    if (this.#agent !== undefined) this.#sleepers.leave(this.#agent);
    this.#agent = undefined;
  }
}

/** Waits for the slot that is reserved and recorded by now, even when the client has left: an abort still consumes. */
export async function heldBack(
  metrics: { delayed?(ms: number): void },
  seat: Seat,
  { delay_ms }: { readonly delay_ms?: number },
): Promise<boolean> {
  if (delay_ms === undefined) return true;
  metrics.delayed?.(delay_ms);
  return await seat.wait(delay_ms);
}
