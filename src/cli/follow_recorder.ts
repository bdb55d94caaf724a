import type { Result } from '../core/result.ts';
import type { Feed } from '../feed/ports.ts';
import type { RecorderPort } from '../server/ports.ts';

/** Which documents are in force, by digest. */
interface Live {
  readonly policy_hash?: string;
  readonly registry_hash?: string;
  /** Of the signed bundle; absent for local policy. */
  readonly bundle_digest?: string;
}

/** What of a recorder elsewhere is needed to keep in step with it. */
export interface LeadingRecorder extends Pick<RecorderPort, 'append'> {
  /** Has it look at its files now; what is live then. Rejects when it cannot be reached. */
  sync(): Promise<Live>;
}

/** Two files, read by two processes: this long may one be behind the other before a Check gives up. */
const CATCH_UP_MS = 1_000;
const PAUSE_MS = 20;

/**
 * Keeps a gateway on the policy that the recorder has in force. The recorder decides what is live; whoever judges under
 * something else is sent back (`STALE_SNAPSHOT`), reads its own files again, has the recorder do the same, and judges
 * once more under what both hold.
 */
export class RecorderFollower {
  readonly #recorder: LeadingRecorder;
  readonly #feed: Pick<Feed, 'state' | 'reload'>;
  #catchingUp: Promise<boolean> | undefined;

  constructor(recorder: LeadingRecorder, feed: Pick<Feed, 'state' | 'reload'>) {
    this.#recorder = recorder;
    this.#feed = feed;
  }

  /** As the port says; `STALE_SNAPSHOT` comes only when judging again has become worth while, or would not help. */
  readonly append: RecorderPort['append'] = async (proposal) => {
    const answer = await this.#recorder.append(proposal);
    if (isStale(answer)) await inTime(this.catchUp());
    return answer;
  };

  isInStep(live: Live): boolean {
    const { policy, registry_hash, bundle } = this.#feed.state();
    // Two bundles of the same documents may end on different days.
    const isSameBundle = live.bundle_digest === bundle?.digest;
    return isSameBundle && live.policy_hash === policy.policy_hash && live.registry_hash === registry_hash;
  }

  /** Whether both hold the same now. One attempt at a time, however many Checks wait for it. */
  catchUp(): Promise<boolean> {
    this.#catchingUp ??= this.#tryCatchUp().finally(() => {
      this.#catchingUp = undefined;
    });
    return this.#catchingUp;
  }

  async #tryCatchUp(): Promise<boolean> {
    const until = performance.now() + CATCH_UP_MS;
    for (;;) {
      try {
        await this.#feed.reload();
        if (this.isInStep(await this.#recorder.sync())) return true;
      } catch {
        return false;
      }
      if (performance.now() >= until) return false;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** A Check does not wait longer, whatever a recorder or a compiler takes; the attempt goes on for those after it. */
async function inTime(attempt: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, CATCH_UP_MS);
  });
  await Promise.race([attempt, late]);
  clearTimeout(timer);
}

function isStale(answer: Result<unknown, unknown>): boolean {
  return !answer.ok && answer.problem === 'STALE_SNAPSHOT';
}
