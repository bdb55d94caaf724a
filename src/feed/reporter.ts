import type { FeedLog, FeedSource, FeedStatus } from './ports.ts';

const SOURCES: readonly FeedSource[] = ['policy', 'registry'];
const REMIND_MS = 60_000;

/** Says loudly, and then keeps saying, what is refused or stale and how old the document in force is. */
export class Reporter {
  private readonly log: FeedLog;
  private readonly now: () => number;
  private readonly refused: ((source: FeedSource) => void) | undefined;
  private readonly said = new Map<FeedSource, string>();
  private reminded_ms = Number.NEGATIVE_INFINITY;
  private lapsed = false;

  constructor(log: FeedLog, now: () => number, refused?: (source: FeedSource) => void) {
    this.log = log;
    this.now = now;
    this.refused = refused;
  }

  started({ policy, registry }: FeedStatus, agents: number): void {
    const { policy_id, digest: policy_hash, trust, bundle } = policy;
    this.log.info(
      {
        policy_id,
        policy_hash,
        trust,
        ...(bundle ? { bundle } : {}),
        registry_hash: registry.digest,
        agents,
      },
      'policy and registry loaded',
    );
  }

  /** Once for each new set of problems. */
  refusals(status: FeedStatus): void {
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

  swapped({ policy, registry }: FeedStatus): void {
    const bundle = policy.bundle ? { bundle: policy.bundle } : {};
    this.log.info(
      { policy_hash: policy.digest, registry_hash: registry.digest, ...bundle },
      'snapshot swapped',
    );
  }

  /** At once when the policy in force lapses; then once a minute while something is refused or stale. */
  remind(status: FeedStatus): void {
    const refused = SOURCES.filter((source) => status[source].refused);
    const { lapse } = status.policy;
    const isNews = lapse !== undefined && !this.lapsed;
    this.lapsed = lapse !== undefined;
    if (refused.length === 0 && lapse === undefined) return;
    if (!isNews && this.now() - this.reminded_ms < REMIND_MS) return;
    this.reminded_ms = this.now();
    for (const source of refused)
      this.log.warn(this.facts(status, source), `${source} on disk is still refused`);
    if (lapse !== undefined) this.log.error(this.facts(status, 'policy'), LAPSED[lapse]);
  }

  private facts(status: FeedStatus, source: FeedSource): object {
    const { file, digest, loaded_ms } = status[source];
    const bundle = source === 'policy' && status.policy.bundle ? { bundle: status.policy.bundle } : {};
    const age_s = Math.round((this.now() - loaded_ms) / 1_000);
    return { file, in_force: digest, age_s, ...bundle };
  }
}

const LAPSED = {
  deny: 'the signed policy has expired or its key is revoked: everything is denied',
  loud: 'the signed policy has expired or its key is revoked; it stays in force by setting',
} as const;
