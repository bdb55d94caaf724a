import { REGISTRY_BYTES_MAX, REGISTRY_SCHEMA } from '../core/identity/agent.ts';
import type { CompiledPolicy } from '../core/policy/compiled.ts';
import type { Snapshot } from '../server/ports.ts';
import { policyCompiler, registryCompiler } from './compile.ts';
import { type Feed, type FeedChange, FeedError, type FeedOptions, type LiveRegistry } from './ports.ts';
import { Reporter } from './reporter.ts';
import { type Refresh, Source } from './source.ts';
import { watchFiles } from './watch.ts';

export type { Feed, FeedChange } from './ports.ts';

const POLICY_BYTES_MAX = 8_388_608;

/**
 * Loads policy and registry, keeps ONE immutable snapshot of both, and swaps it when a file changes. What does not
 * compile is refused: the last good document stays in force. Throws FeedError when there is none to start with.
 */
export async function openFeed(options: FeedOptions): Promise<Feed> {
  const feed = new FileFeed(options);
  await feed.start();
  return feed;
}

class FileFeed implements Feed {
  private readonly options: FeedOptions;
  private readonly policy: Source<CompiledPolicy>;
  private readonly registry: Source<LiveRegistry>;
  private readonly reporter: Reporter;
  private readonly listeners = new Set<(change: FeedChange) => void>();
  private snapshot: Snapshot | undefined;
  private queue: Promise<void> = Promise.resolve();
  private stopWatching: () => void = () => undefined;

  constructor(options: FeedOptions) {
    const { settings, log, now = Date.now } = options;
    this.options = options;
    this.policy = new Source({
      file: settings.policy.file,
      bytes_max: POLICY_BYTES_MAX,
      compile: policyCompiler(settings.policy.file, options.compile, log),
      now,
    });
    const compileRegistry = registryCompiler(settings.registry_file, options.compileRegistry);
    this.registry = new Source({
      file: settings.registry_file,
      bytes_max: REGISTRY_BYTES_MAX,
      compile: compileRegistry,
      // No registry yet: nobody is known, and the first `agent add` is picked up like any change.
      missing: new TextEncoder().encode(JSON.stringify({ schema: REGISTRY_SCHEMA, agents: [] })),
      now,
    });
    this.reporter = new Reporter(log, now, options.refused);
  }

  async start(): Promise<void> {
    const outcomes = [await this.policy.refresh(), await this.registry.refresh()];
    if (outcomes.includes('refused')) {
      const lines = [...this.policy.problems(), ...this.registry.problems()];
      throw new FeedError(
        `the gateway cannot start without a valid policy and registry:\n${lines.join('\n')}`,
      );
    }
    await this.archivePending();
    this.swap();
    const { policy_id, policy_hash } = this.policy.good().value;
    const { registry_hash, agent_count } = this.registry.good().value;
    this.options.log.info(
      { policy_id, policy_hash, registry_hash, agents: agent_count },
      'policy and registry loaded',
    );
    this.stopWatching = watchFiles({
      files: [this.options.settings.policy.file, this.options.settings.registry_file],
      touched: async () => {
        this.reporter.remind(this.status());
        return (await this.policy.touched()) || (await this.registry.touched());
      },
      changed: () => this.reload(),
    });
  }

  current(): Snapshot {
    if (!this.snapshot) throw new Error('the feed was not started');
    return this.snapshot;
  }

  state() {
    const { registry_hash, canonical: registry_canonical } = this.registry.good().value;
    return { policy: this.policy.good().value, registry_hash, registry_canonical };
  }

  onChange(listener: (change: FeedChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  status() {
    return { policy: this.policy.status(), registry: this.registry.status() };
  }

  reload(): Promise<void> {
    this.queue = this.queue.then(() => this.reloadOnce());
    return this.queue;
  }

  stop(): void {
    this.stopWatching();
  }

  private async reloadOnce(): Promise<void> {
    const before = this.current();
    const policy = await this.policy.refresh();
    const registry = await this.registry.refresh();
    // A registry change (a revocation) has to get through while the policy file is broken, and the other way round.
    if (policy === 'changed' || registry === 'changed') await this.activate(policy, registry);
    this.reporter.refusals(this.status());
    if (this.snapshot !== before) this.reporter.swapped(this.status());
  }

  private async activate(policy: Refresh, registry: Refresh): Promise<void> {
    try {
      await this.archivePending();
    } catch (error) {
      const cause = `could not be archived: ${error instanceof Error ? error.message : 'unknown'}`;
      if (policy === 'changed') this.policy.postpone(cause);
      if (registry === 'changed') this.registry.postpone(cause);
      return;
    }
    this.swap();
    const reason = policy !== 'changed' ? 'registry' : registry === 'changed' ? 'both' : 'policy';
    const change: FeedChange = { ...this.state(), reason };
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

  private async archivePending(): Promise<void> {
    for (const { digest, canonical } of [this.policy.pending(), this.registry.pending()]) {
      await this.options.archive(digest, canonical);
    }
  }

  private swap(): void {
    this.policy.accept();
    this.registry.accept();
    const { value: policy } = this.policy.good();
    const { registry_hash, authenticate } = this.registry.good().value;
    this.snapshot = Object.freeze({ policy, registry_hash, authenticate });
  }
}
