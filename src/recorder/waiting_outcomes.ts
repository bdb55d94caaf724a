import type { Batch } from './batch.ts';
import type { Drafting } from './drafting.ts';
import type { RecorderSigner } from './options.ts';
import { takeWorks, type Work } from './work.ts';

/** Outcomes signed ahead, while nobody waits; more than this are left for after the next commit. */
const AHEAD_MAX = 64;
/** Outcomes signed for one commit that somebody waits for, once the backlog is reached. */
const RIDING_MAX = 16;
/** Without traffic outcomes are committed after this long. */
const OUTCOME_DELAY_MS = 250;
/** Above this many waiting outcomes commits are made for their sake. */
const OUTCOME_BACKLOG = 1_024;

/** What the outcomes ask of the loop that commits them. */
export interface OutcomeHost {
  /** False while somebody waits for a commit, or nothing may be signed any more. */
  isIdle(): boolean;
  isRotationDue(): boolean;
  schedule(): void;
  fail(cause: unknown): void;
}

/** Outcomes signed and folded while nobody waited: the front of the next commit. */
export interface SignedAhead {
  readonly batch: Batch;
  readonly works: Work[];
}

/**
 * Outcomes that wait for a commit. They never force one while requests come in; they are signed ahead in idle turns,
 * and committed after a while.
 */
export class WaitingOutcomes {
  readonly #drafting: Drafting;
  readonly #host: OutcomeHost;
  readonly #waiting: Work[] = [];
  #ahead: SignedAhead | undefined;
  #isTurnDue = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(drafting: Drafting, host: OutcomeHost) {
    this.#drafting = drafting;
    this.#host = host;
  }

  get depth(): number {
    return this.#waiting.length + (this.#ahead?.works.length ?? 0);
  }

  /** Something is folded that the next commit has to write. */
  get isAhead(): boolean {
    return this.#ahead !== undefined;
  }

  push(work: Work): void {
    this.#waiting.push(work);
    if (this.#isBehind) this.#host.schedule();
    else this.tend();
  }

  /** Sees to it that what waits is signed in an idle turn, and committed in the end. */
  tend(): void {
    if (this.depth === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#host.schedule();
    }, OUTCOME_DELAY_MS);
    if (this.#isTurnDue || this.#waiting.length === 0) return;
    this.#isTurnDue = true;
    setImmediate(() => {
      this.#isTurnDue = false;
      this.#signOneAhead();
    });
  }

  /** Hands over what was signed ahead; the caller commits it first. */
  takeAhead(): SignedAhead | undefined {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    return ahead;
  }

  /** Rides along on a commit that others wait for only when far behind. */
  ride(batch: Batch, signer: RecorderSigner, taken: Work[]): void {
    if (this.#isBehind || batch.lines.length === 0)
      takeWorks(this.#waiting, RIDING_MAX, batch, signer, taken);
  }

  /** Everything not committed, for refusal. */
  drain(): Work[] {
    this.cancel();
    return [...(this.takeAhead()?.works ?? []), ...this.#waiting.splice(0)];
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }

  get #isBehind(): boolean {
    return this.#waiting.length >= OUTCOME_BACKLOG;
  }

  /** One outcome a turn, so that a request that arrives meanwhile waits for one signature at most. */
  #signOneAhead(): void {
    if (!this.#host.isIdle()) return;
    try {
      if (this.#host.isRotationDue()) {
        this.#host.schedule();
        return;
      }
      this.#ahead ??= { batch: this.#drafting.newBatch(), works: [] };
      const { batch, works } = this.#ahead;
      if (works.length >= AHEAD_MAX) return;
      takeWorks(this.#waiting, 1, batch, this.#drafting.signerFor(batch), works);
      this.tend();
    } catch (error) {
      this.#host.fail(error);
    }
  }
}
