import { HeldRoom } from './held_room.ts';
import type { RelayHost, RelayPlaces, RelayProtocol } from './ports.ts';
import { Session } from './session.ts';

/** Streams of one relay at a time; each holds a few pieces of 64 KiB. */
const SESSIONS_MAX = 2_048;

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
  detail: 'The relay carries as many streams as it can. Try again later.',
};

/** Lets streams in by their ticket, up to a number, until it is closed. */
export class Doorkeeper {
  readonly #places: RelayPlaces;
  readonly #host: RelayHost;
  readonly #sessionsMax: number;
  readonly #sessions = new Set<Session>();
  readonly #room = new HeldRoom();
  /** Tickets that are being looked at. */
  #asking = 0;
  #isClosed = false;
  #onEmpty: (() => void) | undefined;

  constructor(places: RelayPlaces, host: RelayHost, sessionsMax = SESSIONS_MAX) {
    this.#places = places;
    this.#host = host;
    this.#sessionsMax = sessionsMax;
  }

  async admit(ticket: string | undefined, protocol: RelayProtocol): Promise<Session | Refusal> {
    if (ticket === undefined) return this.#refuse(NO_TICKET);
    if (this.#isClosed || this.#sessions.size + this.#asking >= this.#sessionsMax) return this.#refuse(FULL);
    this.#asking += 1;
    // A host that cannot tell is like one that says no: nothing goes on without its word.
    const order = await this.#host.open(ticket).catch(() => undefined);
    this.#asking -= 1;
    if (order === undefined) return this.#refuse(NO_TICKET);
    if (this.#isClosed) return this.#refuse(FULL);
    const session = new Session({
      places: this.#places,
      host: this.#host,
      order,
      protocol,
      room: this.#room,
    });
    this.#sessions.add(session);
    return session;
  }

  /** Both sides of it are closed. */
  leave(session: Session): void {
    session.over();
    this.#sessions.delete(session);
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

  #refuse(refusal: Refusal): Refusal {
    this.#host.tell({ kind: 'refused', why: refusal === NO_TICKET ? 'no_ticket' : 'full' });
    return refusal;
  }
}

export function problemText({ status, detail }: Refusal): string {
  const title = status === 403 ? 'Not allowed' : 'Relay unavailable';
  return JSON.stringify({ type: 'about:blank', title, status, detail });
}
