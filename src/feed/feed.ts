import type { Snapshot } from '../server/ports.ts';
import type { LivePolicy } from './live_policy.ts';
import { LocalPolicyReader } from './local_policy.ts';
import {
  type Feed,
  type FeedChange,
  FeedError,
  type FeedOptions,
  type FeedSource,
  type FeedState,
  type FeedStatus,
  type LiveRegistry,
} from './ports.ts';
import { RegistryReader } from './registry_reader.ts';
import { Reporter } from './reporter.ts';
import { SignedPolicyReader } from './signed_policy.ts';
import { Source } from './source.ts';
import { watchFiles } from './watch.ts';

export type { Feed, FeedChange } from './ports.ts';

/**
 * Loads policy and registry, keeps ONE immutable snapshot of both, and swaps it when a file changes. What does not
 * verify or compile is refused: the last good document stays in force. Throws FeedError when there is none to start with.
 */
export async function openFeed(options: FeedOptions): Promise<Feed> {
  const feed = new FileFeed(options);
  await feed.start();
  return feed;
}

class FileFeed implements Feed {
  private readonly options: FeedOptions;
  private readonly now: () => number;
  private readonly policy: Source<LivePolicy>;
  private readonly registry: Source<LiveRegistry>;
  private readonly reporter: Reporter;
  private readonly listeners = new Set<(change: FeedChange) => void>();
  private readonly watching: (() => void)[] = [];
  private snapshot: Snapshot | undefined;
  /** One look at a time for each document; a policy that takes long must not delay a revocation. */
  private readonly looks: Record<FeedSource, Promise<void>> = {
    policy: Promise.resolve(),
    registry: Promise.resolve(),
  };
  private activation: Promise<void> = Promise.resolve();

  constructor(options: FeedOptions) {
    const { settings, log, now = Date.now } = options;
    this.options = options;
    this.now = now;
    const reader =
      settings.policy.trust === 'signed'
        ? new SignedPolicyReader({ ...options, now })
        : new LocalPolicyReader(options);
    this.policy = new Source(reader, now);
    this.registry = new Source(new RegistryReader(settings.registry_file, options.compileRegistry), now);
    this.reporter = new Reporter(log, now, options.refused);
  }

  async start(): Promise<void> {
    await this.policy.refresh();
    await this.registry.refresh();
    const lines = [...this.policy.problems(), ...this.registry.problems()];
    if (lines.length > 0) {
      throw new FeedError(
        `the gateway cannot start without a valid policy and registry:\n${lines.join('\n')}`,
      );
    }
    for (const name of SOURCES) {
      await this.keep(name);
      this[name].accept();
    }
    this.swap();
    this.reporter.started(this.status(), this.registry.good().value.agent_count);
    this.reporter.refusals(this.status());
    const { policy, registry_file } = this.options.settings;
    const policyFiles =
      policy.trust === 'signed'
        ? [policy.bundle, policy.keys]
        : [policy.file, policy.shadow_file ?? policy.file];
    this.watch('policy', policyFiles);
    this.watch('registry', [registry_file]);
  }

  current(): Snapshot {
    if (!this.snapshot) throw new Error('the feed was not started');
    return this.snapshot;
  }

  state(): FeedState {
    const { policy, trust, bundle } = this.policy.good().value;
    const { registry_hash, canonical: registry_canonical } = this.registry.good().value;
    return { policy, trust, ...(bundle ? { bundle } : {}), registry_hash, registry_canonical };
  }

  onChange(listener: (change: FeedChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  status(): FeedStatus {
    const { policy, trust, bundle, lapse } = this.policy.good().value;
    const lapsed = lapse?.(this.now());
    return {
      policy: {
        ...this.policy.status(),
        policy_id: policy.policy_id,
        trust,
        ...(bundle ? { bundle } : {}),
        ...(lapsed ? { lapse: lapsed } : {}),
      },
      registry: this.registry.status(),
    };
  }

  async reload(): Promise<void> {
    await Promise.all(SOURCES.map((name) => this.look(name)));
  }

  stop(): void {
    for (const stop of this.watching) stop();
  }

  private watch(name: FeedSource, files: readonly string[]): void {
    const touched = async () => {
      if (name === 'policy') this.reporter.remind(this.status());
      return await this[name].touched();
    };
    this.watching.push(watchFiles({ files, touched, changed: () => this.look(name) }));
  }

  private look(name: FeedSource): Promise<void> {
    this.looks[name] = this.looks[name].then(() => this.lookOnce(name));
    return this.looks[name];
  }

  private async lookOnce(name: FeedSource): Promise<void> {
    const found = await this.refresh(name);
    if (found === 'changed') {
      this.activation = this.activation.then(() => this.activate(name));
      await this.activation;
    }
    this.reporter.refusals(this.status());
  }

  /** Whatever nobody foresaw (a thread that dies, an unreadable folder) leaves the last good one in force, too. */
  private async refresh(name: FeedSource) {
    try {
      return await this[name].refresh();
    } catch (error) {
      this[name].postpone(`could not be read: ${messageOf(error)}`);
      return 'refused';
    }
  }

  private async activate(name: FeedSource): Promise<void> {
    try {
      await this.keep(name);
    } catch (error) {
      this[name].postpone(`could not be archived: ${messageOf(error)}`);
      return;
    }
    this[name].accept();
    this.swap();
    this.reporter.swapped(this.status());
    const change: FeedChange = { ...this.state(), reason: name };
    for (const listener of this.listeners) this.tell(listener, change);
  }

  /** One listener that fails must stop neither the others nor the next reload. */
  private tell(listener: (change: FeedChange) => void, change: FeedChange): void {
    try {
      listener(change);
    } catch (error) {
      this.options.log.error({ err: error, reason: change.reason }, 'a follower of the snapshot failed');
    }
  }

  /** Nothing is judged by a document before it is durable: for replay, and against an older bundle. */
  private async keep(name: FeedSource): Promise<void> {
    const pending = this[name].pending();
    await this.options.archive(pending.digest, pending.canonical);
    pending.keep?.();
  }

  private swap(): void {
    const { policy, lapse } = this.policy.good().value;
    const { registry_hash, authenticate, resume } = this.registry.good().value;
    const vouched = lapse ? { policyLapse: lapse } : {};
    this.snapshot = Object.freeze({ policy, registry_hash, authenticate, resume, ...vouched });
  }
}

const SOURCES: readonly FeedSource[] = ['policy', 'registry'];

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
