import type { RelayTicket } from '../core/relay/relay_ticket.ts';

/** Tickets that may still be in time; with more, new ones are refused. */
const TICKETS_MAX = 65_536;

/** Remembers tickets until their time is over, so that each opens one stream. */
export class SingleUse {
  /** By receipt, oldest first: when they end. */
  readonly #used = new Map<string, number>();

  /** False for a ticket that was shown before. */
  take({ receipt_id, exp_ms }: Pick<RelayTicket, 'receipt_id' | 'exp_ms'>, now_ms: number): boolean {
    for (const [id, end_ms] of this.#used) {
      if (end_ms > now_ms) break;
      this.#used.delete(id);
    }
    if (this.#used.has(receipt_id) || this.#used.size >= TICKETS_MAX) return false;
    this.#used.set(receipt_id, exp_ms);
    return true;
  }
}
