import type { FeedLog, FeedSource, SourceStatus } from './ports.ts';

type Status = Readonly<Record<FeedSource, SourceStatus>>;

const SOURCES: readonly FeedSource[] = ['policy', 'registry'];
const REMIND_MS = 60_000;

/** Says loudly, and then keeps saying, that a file is refused and how old the document in force is. */
export class Reporter {
  private readonly log: FeedLog;
  private readonly now: () => number;
  private readonly refused: ((source: FeedSource) => void) | undefined;
  private readonly said = new Map<FeedSource, string>();
  private reminded_ms = Number.NEGATIVE_INFINITY;

  constructor(log: FeedLog, now: () => number, refused?: (source: FeedSource) => void) {
    this.log = log;
    this.now = now;
    this.refused = refused;
  }

  /** Once for each new set of problems. */
  refusals(status: Status): void {
    for (const source of SOURCES) {
      const problems = status[source].refused?.problems;
      const text = problems?.join('\n') ?? '';
      if (problems && this.said.get(source) !== text) {
        this.refused?.(source);
        this.log.error(
          { ...this.facts(status, source), problems },
          `${source} refused; the last good one stays in force`,
        );
        this.reminded_ms = this.now();
      }
      this.said.set(source, text);
    }
  }

  swapped(status: Status): void {
    const { policy, registry } = status;
    this.log.info({ policy_hash: policy.digest, registry_hash: registry.digest }, 'snapshot swapped');
  }

  /** Once a minute while something is refused. */
  remind(status: Status): void {
    const stale = SOURCES.filter((source) => status[source].refused);
    if (stale.length === 0 || this.now() - this.reminded_ms < REMIND_MS) return;
    this.reminded_ms = this.now();
    for (const source of stale)
      this.log.warn(this.facts(status, source), `${source} on disk is still refused`);
  }

  private facts(status: Status, source: FeedSource): object {
    const { file, digest, loaded_ms } = status[source];
    return { file, in_force: digest, age_s: Math.round((this.now() - loaded_ms) / 1_000) };
  }
}
