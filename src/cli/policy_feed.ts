import { existsSync } from 'node:fs';
import type { Identity } from '../authn/identity.ts';
import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import type { BundleRef } from '../core/receipt/records.ts';
import { openFeed } from '../feed/feed.ts';
import { policyCompiler } from '../feed/policy_compiler.ts';
import type { Feed, FeedState, VersionStore } from '../feed/ports.ts';
import { steadyClock } from '../feed/steady_clock.ts';
import { openKeyring } from '../keys/keyring.ts';
import { storeArtifact } from '../recorder/artifacts.ts';
import { replaceFile } from '../recorder/durable_file.ts';
import type { Recorder } from '../recorder/recorder.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { newestFirst } from './journal_reader.ts';

/** What a process that judges, or that records what is live, needs for its feed. */
export interface FeedParts {
  readonly settings: Settings;
  readonly layout: Layout;
  readonly identity: Identity;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The signed policy of the highest version that the journal names, when this process can ask. */
  readonly journalPolicy?: BundleRef | undefined;
}

export function openPolicyFeed(parts: FeedParts): Promise<Feed> {
  const { settings, layout, identity, log, metrics } = parts;
  return openFeed({
    settings,
    compiler: policyCompiler(),
    versions: versionStore(layout, parts.journalPolicy),
    compileRegistry: identity.compileRegistry,
    archive: (digest, bytes) => storeArtifact(layout.artifacts_dir, digest, bytes),
    log,
    now: steadyClock(recordedMs(parts)),
    refused: (source) => metrics.reloadFailures.inc({ source }),
  });
}

/** The ledger never runs ahead of an honest clock by much: that late it has certainly been, whatever the clock says now. */
function recordedMs({ settings, layout }: FeedParts): number {
  if (settings.policy.trust !== 'signed' || !existsSync(layout.journal_dir)) return 0;
  const newest = newestFirst(layout.journal_dir).next();
  return newest.done === true ? 0 : newest.value.record.ledger_ms;
}

export function versionStore(layout: Layout, journal: BundleRef | undefined): VersionStore {
  return {
    dir: layout.policy_dir,
    mac: (label, text) => openKeyring(layout.keys_dir).hmac(label, text),
    replaceFile,
    ...(journal ? { journal } : {}),
  };
}

/**
 * Each swap is recorded before anything is decided under it: the listener runs in the tick of the swap, so the policy
 * record stands in the journal before the first decision that names it, and no answer leaves before its record is durable.
 *
 * Only the process that holds the recorder reports, so what is live follows the order of this one feed: a gateway that
 * reads its files late can be sent back, and can never bring an older policy back.
 */
export async function followFeed(
  feed: Feed,
  recorder: Pick<Recorder, 'recordPolicy'>,
  metrics: Metrics,
  log: Logger,
): Promise<PolicyRecords> {
  const record = async (state: FeedState): Promise<void> => {
    const { policy, trust, bundle, registry_hash } = state;
    await recorder.recordPolicy({
      policy_id: policy.policy_id,
      policy_hash: policy.policy_hash,
      canonical: policy.canonical,
      registry_hash,
      registry: state.registry_canonical,
      trust,
      ...(bundle ? { bundle } : {}),
    });
    showPolicy(metrics, state);
  };
  await record(feed.state());
  let last = Promise.resolve();
  feed.onChange((change) => {
    last = record(change).catch((error: unknown) =>
      log.error({ err: error }, 'a policy change could not be recorded'),
    );
  });
  return { settled: () => last };
}

export interface PolicyRecords {
  /** Resolves when the newest change stands in the journal, or could not be written. */
  settled(): Promise<void>;
}

export function showPolicy(metrics: Metrics, { policy, registry_hash }: FeedState): void {
  metrics.setPolicy({ policy_id: policy.policy_id, policy_hash: policy.policy_hash, registry_hash });
}
