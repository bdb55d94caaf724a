import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Credential, call, failed, type InsideKind, type Kind, type Sent } from './fault_client.ts';
import type { Random } from './fault_random.ts';
import { callSocket } from './fault_socket.ts';
import { callIntercepted, type Planned } from './fault_tunnel.ts';

export interface LoadTarget {
  readonly proxy: string;
  readonly authority: string;
  /** May do anything with the upstream. */
  readonly free: Credential;
  /** Reads only, and not too often. */
  readonly limited: Credential;
  /** `host:port` whose tunnels the gateway opens, and the PEM of whom to believe there. */
  readonly intercepted?: { readonly authority: string; readonly ca: string };
  /** What comes from 127.28.0.0/16 is led to the gateway, and is the free agent's. */
  readonly redirected?: boolean;
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
  contract: 7,
  contract_denied: 3,
  mended: 4,
  events: 6,
  model: 6,
};

/** With tunnels that the gateway opens, and WebSockets; it takes a target that has `intercepted`. */
export const MIX_WITH_INTERCEPTED: typeof MIX = { ...MIX, intercept: 16, socket: 3, relayed: 3 };
/** And with connections that the firewall leads to the gateway; it takes a target that has `redirected`. */
export const MIX_WITH_REDIRECTED: typeof MIX = {
  ...MIX_WITH_INTERCEPTED,
  redirected: 12,
  redirected_tls: 10,
};

const INSIDE_MAX = 3;
/** Some tunnels stand for a while, so that something breaks while they do. */
const LASTING = 0.2;
const INSIDE_LASTING = 10;
const INSIDE_PAUSE_MS_MAX = 250;
const INSIDE_FREE: Readonly<Partial<Record<InsideKind, number>>> = {
  inside: 40,
  inside_post: 15,
  inside_denied: 15,
  inside_slow: 10,
  inside_reset: 8,
  inside_abort: 12,
  inside_contract: 10,
};
const INSIDE_LIMITED: typeof INSIDE_FREE = { inside_limited: 80, inside_denied: 20 };
const LIMITED_TUNNELS = 0.25;

const ABORT_MS_MAX = 40;
const SLOW_MS_MAX = 250;
/** A client that was turned away by a broken gateway comes back after this pause. */
const AFTER_FAILURE_MS = 40;

export interface Pace {
  readonly clients: number;
  readonly pauseMs: number;
  readonly afterFailureMs?: number;
  /** Requests that ended as they should, after which clients go home: how many fail depends on how long nobody answers. */
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
  #served = 0;
  #stopped = false;
  #clients: Promise<void>[] = [];

  constructor(target: LoadTarget, random: Random, mix = MIX) {
    this.#target = target;
    this.#random = random;
    this.#mix = mix;
    this.#run = random.below(1_679_616).toString(36).padStart(4, '0');
  }

  /** What it is made of. */
  get kinds(): readonly string[] {
    return Object.keys(this.#mix);
  }

  /** Requests begun so far. */
  get count(): number {
    return this.#count;
  }

  /** Of them those that ended as they should. */
  get served(): number {
    return this.#served;
  }

  start({
    clients,
    pauseMs,
    afterFailureMs = AFTER_FAILURE_MS,
    until = Number.POSITIVE_INFINITY,
  }: Pace): void {
    const client = async () => {
      while (!this.#stopped && this.#served < until) {
        const sent = await this.one();
        await sleep(failed(sent) ? afterFailureMs : pauseMs);
      }
    };
    this.#clients = Array.from({ length: clients }, client);
  }

  /** When every client is done: at once after `stop`, or when `until` requests were served. */
  async finished(): Promise<void> {
    await Promise.all(this.#clients);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    this.#pool.destroy();
  }

  /**
   * One request, of a random kind unless it is named; with a tunnel that the gateway opens come requests inside, and
   * what is returned is the first of them all that failed, or else the CONNECT. `ms`: see `Call`.
   */
  async one(kind: Kind = this.#random.weighted(this.#mix), ms = this.#pause(kind)): Promise<Sent> {
    const index = this.#count++;
    const nonce = `${kind}-${this.#run}-${index}`;
    const all = ['intercept', 'redirected_tls'].includes(kind)
      ? await this.#tunnel(nonce, index, kind === 'redirected_tls')
      : [await this.#call(nonce, kind, index, ms)];
    this.sent.push(...all);
    const [first] = all;
    const told = all.find(failed) ?? first;
    if (told === undefined) throw new Error('nothing was sent');
    if (!failed(told)) this.#served++;
    return told;
  }

  #call(nonce: string, kind: Kind, index: number, ms: number): Promise<Sent> {
    const credential = this.#credentialFor(kind);
    return (kind === 'socket' || kind === 'relayed' ? callSocket : call)({
      nonce,
      kind,
      proxy: new URL(this.#target.proxy),
      authority: this.#target.authority,
      agent: this.#pool,
      ms,
      ...(credential ? { credential } : {}),
      ...(kind === 'connect' ? { localAddress: ownAddress(index) } : {}),
      ...(this.#isRedirected(kind) ? { localAddress: ownAddress(index, REDIRECTED) } : {}),
    });
  }

  #isRedirected(kind: Kind): boolean {
    return kind === 'redirected' || (kind === 'relayed' && this.#target.redirected === true);
  }

  #tunnel(nonce: string, index: number, redirected: boolean): Promise<Sent[]> {
    const { proxy, intercepted, free, limited } = this.#target;
    if (intercepted === undefined) throw new Error('the load has nothing to intercept');
    const isLimited = this.#random.next() < LIMITED_TUNNELS && !redirected;
    return callIntercepted({
      ...intercepted,
      nonce,
      proxy: new URL(proxy),
      credential: isLimited ? limited : free,
      localAddress: ownAddress(index, redirected ? REDIRECTED : DIRECT),
      ...(redirected ? { redirected } : {}),
      ms: 0,
      inside: this.#planned(isLimited ? INSIDE_LIMITED : INSIDE_FREE),
      isOver: () => this.#stopped,
    });
  }

  #planned(mix: typeof INSIDE_FREE): Planned[] {
    const isLasting = this.#random.next() < LASTING;
    const length = isLasting ? INSIDE_LASTING : 1 + this.#random.below(INSIDE_MAX);
    return Array.from({ length }, () => {
      const kind = this.#random.weighted(mix);
      const pauseMs = isLasting ? this.#random.below(INSIDE_PAUSE_MS_MAX) : 0;
      return { kind, ms: this.#pause(kind), pauseMs };
    });
  }

  #pause(kind: Kind): number {
    return this.#random.below(kind.endsWith('abort') ? ABORT_MS_MAX : SLOW_MS_MAX);
  }

  #credentialFor(kind: Kind): Credential | undefined {
    const { free, limited } = this.#target;
    if (kind === 'anonymous') return undefined;
    if (kind === 'wrong_key') return { ...free, api_key: `${free.api_key.slice(0, -4)}AAAA` };
    return kind === 'denied' || kind === 'limited' || kind === 'throttled' ? limited : free;
  }
}

const DIRECT = '127.29';
const REDIRECTED = '127.28';

/** 127.29.0.0/16 by index: the journal keeps a tunnel's source, so the address can stand for the nonce. */
function ownAddress(index: number, network = DIRECT): string {
  return `${network}.${(index >> 8) & 0xff}.${index & 0xff}`;
}
