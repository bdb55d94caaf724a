import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Credential, call, failed, type Kind, type Sent } from './fault_client.ts';
import type { Random } from './fault_random.ts';

export interface LoadTarget {
  readonly proxy: string;
  readonly authority: string;
  /** May do anything with the upstream. */
  readonly free: Credential;
  /** Reads only, and not too often. */
  readonly limited: Credential;
}

export const MIX: Readonly<Partial<Record<Kind, number>>> = {
  allow: 34,
  post: 8,
  denied: 10,
  anonymous: 7,
  wrong_key: 4,
  limited: 9,
  throttled: 5,
  abort: 8,
  reset: 4,
  slow: 7,
  connect: 6,
};

const ABORT_MS_MAX = 40;
const SLOW_MS_MAX = 250;
/** A client that was turned away by a broken gateway comes back after this pause. */
const AFTER_FAILURE_MS = 40;

export interface Pace {
  readonly clients: number;
  readonly pauseMs: number;
  readonly afterFailureMs?: number;
  /** Requests after which clients go home. */
  readonly until?: number;
}

/** A steady load of clients, each with one request at a time; each request has a nonce of its own. */
export class Load {
  readonly sent: Sent[] = [];
  readonly #target: LoadTarget;
  readonly #random: Random;
  readonly #mix: Readonly<Partial<Record<Kind, number>>>;
  readonly #run: string;
  readonly #pool = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  #count = 0;
  #stopped = false;
  #clients: Promise<void>[] = [];

  constructor(target: LoadTarget, random: Random, mix = MIX) {
    this.#target = target;
    this.#random = random;
    this.#mix = mix;
    this.#run = random.below(1_679_616).toString(36).padStart(4, '0');
  }

  /** Requests begun so far. */
  get count(): number {
    return this.#count;
  }

  start({
    clients,
    pauseMs,
    afterFailureMs = AFTER_FAILURE_MS,
    until = Number.POSITIVE_INFINITY,
  }: Pace): void {
    const client = async () => {
      while (!this.#stopped && this.#count < until) {
        const sent = await this.one();
        await sleep(failed(sent) ? afterFailureMs : pauseMs);
      }
    };
    this.#clients = Array.from({ length: clients }, client);
  }

  /** When every client is done: at once after `stop`, or when `until` requests were begun. */
  async finished(): Promise<void> {
    await Promise.all(this.#clients);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    this.#pool.destroy();
  }

  /** One request, of a random kind unless it is named. `ms`: see `Call`. */
  async one(kind: Kind = this.#random.weighted(this.#mix), ms = this.#pause(kind)): Promise<Sent> {
    const index = this.#count++;
    const credential = this.#credentialFor(kind);
    const sent = await call({
      nonce: `${kind}-${this.#run}-${index}`,
      kind,
      proxy: new URL(this.#target.proxy),
      authority: this.#target.authority,
      agent: this.#pool,
      ms,
      ...(credential ? { credential } : {}),
      ...(kind === 'connect' ? { localAddress: ownAddress(index) } : {}),
    });
    this.sent.push(sent);
    return sent;
  }

  #pause(kind: Kind): number {
    return this.#random.below(kind === 'abort' ? ABORT_MS_MAX : SLOW_MS_MAX);
  }

  #credentialFor(kind: Kind): Credential | undefined {
    const { free, limited } = this.#target;
    if (kind === 'anonymous') return undefined;
    if (kind === 'wrong_key') return { ...free, api_key: `${free.api_key.slice(0, -4)}AAAA` };
    return kind === 'denied' || kind === 'limited' || kind === 'throttled' ? limited : free;
  }
}

/** 127.29.0.0/16 by index: the journal keeps a tunnel's source, so the address can stand for the nonce. */
function ownAddress(index: number): string {
  return `127.29.${(index >> 8) & 0xff}.${index & 0xff}`;
}
