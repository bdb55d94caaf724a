import { HeldRoom } from './held_room.ts';
import type { RelayHost, RelayPlaces, RelayProtocol } from './ports.ts';
import { Session } from './session.ts';

/** Streams of one relay at a time; each holds a few pieces of 64 KiB. */
export interface SessionsMax {
  readonly all: number;
  /** One agent leaves places to the others. */
  readonly owner: number;
}
const MAX: SessionsMax = { all: 2_048, owner: 512 };

/** Why a stream was not opened, with the HTTP status that says so. */
export interface Refusal {
  readonly status: 403 | 503;
  readonly detail: string;
}

const NO_TICKET: Refusal = {
  status: 403,
  detail: 'The relay carries only streams that the gateway allowed.',
};
const FULL: Refusal = {
  status: 503,
  detail:
    'The relay carries as many streams as it can, in all or of this agent. End some, or try again later.',
};

/** Lets streams in by their ticket, up to a number, until it is closed. */
export class Doorkeeper {
  readonly #places: RelayPlaces;
  readonly #host: RelayHost;
  readonly #max: SessionsMax;
  readonly #sessions = new Set<Session>();
  /** How many of them each agent has. */
  readonly #owned = new Map<string, number>();
  readonly #room = new HeldRoom();
  /** Tickets that are being looked at. */
  #asking = 0;
  #isClosed = false;
  #onEmpty: (() => void) | undefined;

  constructor(places: RelayPlaces, host: RelayHost, max = MAX) {
    this.#places = places;
    this.#host = host;
    this.#max = max;
  }

  async admit(ticket: string | undefined, protocol: RelayProtocol): Promise<Session | Refusal> {
    if (ticket === undefined) return this.#refuse(NO_TICKET);
    if (this.#isClosed || this.#sessions.size + this.#asking >= this.#max.all) return this.#refuse(FULL);
    this.#asking += 1;
    // A host that cannot tell is like one that says no: nothing goes on without its word.
    const order = await this.#host.open(ticket).catch(() => undefined);
    this.#asking -= 1;
    if (order === undefined) return this.#refuse(NO_TICKET);
    if (this.#isClosed || this.#owns(order.owner) >= this.#max.owner) return this.#refuse(FULL);
    const session = new Session({
      places: this.#places,
      host: this.#host,
      order,
      protocol,
      room: this.#room,
    });
    this.#sessions.add(session);
    this.#owned.set(order.owner, this.#owns(order.owner) + 1);
    return session;
  }

  /** Both sides of it are closed. */
  leave(session: Session): void {
    session.over();
    if (this.#sessions.delete(session)) this.#giveBack(session.order.owner);
    if (this.#sessions.size === 0) this.#onEmpty?.();
  }

  /** Lets nobody in any more, gives those inside so much time, then breaks them off. Resolves when all have left. */
  async close(drainMs: number): Promise<void> {
    this.#isClosed = true;
    if (this.#sessions.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    const timer = setTimeout(() => {
      for (const session of this.#sessions) session.cut('stopped');
    }, drainMs);
    await empty;
    clearTimeout(timer);
  }

  #owns(owner: string): number {
    return this.#owned.get(owner) ?? 0;
  }

  #giveBack(owner: string): void {
    const left = this.#owns(owner) - 1;
    if (left > 0) this.#owned.set(owner, left);
    else this.#owned.delete(owner);
  }

  #refuse(refusal: Refusal): Refusal {
    this.#host.tell({ kind: 'refused', why: refusal === NO_TICKET ? 'no_ticket' : 'full' });
    return refusal;
  }
}

export function problemText({ status, detail }: Refusal): string {
  const title = status === 403 ? 'Not allowed' : 'Relay unavailable';
  return JSON.stringify({ type: 'about:blank', title, status, detail });
}
