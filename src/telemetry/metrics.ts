import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { inspectionMetrics } from './inspection_metrics.ts';
import { relayMetrics } from './relay_metrics.ts';

/** From a tenth of a millisecond to five seconds: the floor of a fast disk to the longest Check time-out. */
const LATENCY_S = [0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const DELAY_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const BATCH_RECORDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** What is scraped, not pushed: asked for at each scrape. */
export interface GatewayGauges {
  readonly queue_records: number;
  readonly open_decisions: number;
  /** Records in the journal. */
  readonly journal_records: number;
  /** Records covered by the newest signed checkpoint. */
  readonly checkpoint_records: number;
  /** How far the wall clock is ahead of the ledger clock while it is not believed; else 0. */
  readonly clock_held_back_s: number;
  /** 1 while the heads file on other storage cannot be written. */
  readonly heads_file_failed: number;
  /** On the disk of the journal. */
  readonly disk_free_bytes: number;
  /** 1 while decisions are refused because of it. */
  readonly disk_full: number;
  /** 1 while sealed segments cannot be packed or removed. */
  readonly storage_problem: number;
  /** Bytes of Envoy's access log that have not been read yet. */
  readonly access_log_lag_bytes: number;
  readonly policy_age_s: number;
  /** Of the signed bundle in force; 0 for local policy. */
  readonly policy_version: number;
  /** Seconds since 1970; 0 for local policy, which never ends. */
  readonly policy_valid_until_s: number;
  /** 1 while nobody vouches for the signed policy any more. */
  readonly policy_lapsed: number;
  /** 1 while a newer document on disk is refused. */
  readonly policy_refused: number;
}

export type Metrics = ReturnType<typeof createMetrics>;

/** The metrics of one gateway, in a registry of their own. `docs/metrics.md` lists them; a test compares. */
export function createMetrics(version: string) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const policyInfo = new Gauge({
    name: 'clawgress_policy_info',
    help: 'Always 1; the labels name what is in force',
    labelNames: ['policy_id', 'policy_hash', 'registry_hash'],
    registers,
  });
  new Gauge({
    name: 'clawgress_build_info',
    help: 'Always 1; the label names the version',
    labelNames: ['version'],
    registers,
  })
    .labels(version)
    .set(1);
  const gauges = scrapedGauges(registers);
  const held = heldLeaves(registers);
  return {
    registry,
    checks: new Counter({
      name: 'clawgress_checks_total',
      help: 'Answered Checks',
      labelNames: ['verdict', 'reason'],
      registers,
    }),
    checkSeconds: new Histogram({
      name: 'clawgress_check_duration_seconds',
      help: 'From the decoded Check to its answer, durable record included',
      buckets: LATENCY_S,
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'clawgress_recorder_commit_duration_seconds',
      help: 'Signing, writing and syncing one batch',
      buckets: LATENCY_S,
      registers,
    }),
    batchRecords: new Histogram({
      name: 'clawgress_recorder_batch_records',
      help: 'Records per commit',
      buckets: BATCH_RECORDS,
      registers,
    }),
    records: new Counter({
      name: 'clawgress_records_total',
      help: 'Durable journal records',
      labelNames: ['type'],
      registers,
    }),
    delaySeconds: new Histogram({
      name: 'clawgress_limit_delay_seconds',
      help: 'Waits for the slot that a throttle limit reserved',
      buckets: DELAY_S,
      registers,
    }),
    degradedChecks: new Counter({
      name: 'clawgress_degraded_checks_total',
      help: 'Checks that went on without something that could not be checked, because fail_mode is open',
      labelNames: ['what'],
      registers,
    }),
    foldedDenials: new Counter({
      name: 'clawgress_denials_folded_total',
      help: 'Denials that are counted in aggregate records instead of having a receipt each',
      labelNames: ['reason'],
      registers,
    }),
    nearLimits: new Counter({
      name: 'clawgress_limit_near_total',
      help: 'Times that a limit was nearly or fully used up, once for each crossing',
      labelNames: ['level'],
      registers,
    }),
    leaves: new Counter({
      name: 'clawgress_leaves_total',
      help: 'Certificates of intercepted names: minted, handed out again (cached), refused, evicted from Envoy',
      labelNames: ['event'],
      registers,
    }),
    resolverAnswers: new Counter({
      name: 'clawgress_resolver_answers_total',
      help: "Queries to the agents' resolver, by what became of them",
      labelNames: ['answer'],
      registers,
    }),
    relay: relayMetrics(registers),
    inspection: inspectionMetrics(registers),
    reloadFailures: new Counter({
      name: 'clawgress_reload_failures_total',
      help: 'Changes of policy or registry that were refused; the last good one stays in force',
      labelNames: ['source'],
      registers,
    }),
    setPolicy(labels: { policy_id: string; policy_hash: string; registry_hash: string }): void {
      policyInfo.reset();
      policyInfo.labels(labels).set(1);
    },
    /** Called once, by a gateway that intercepts. */
    watchLeaves(read: () => number): void {
      held.read = read;
    },
    /** Called once, by the composition root, with what can tell the current values; what it leaves out is not exposed. */
    onScrape(read: () => Partial<GatewayGauges>): void {
      gauges.read = read;
    },
  };
}

/** Read at each scrape; absent where nothing is intercepted. */
function heldLeaves(registers: Registry[]): { read?: () => number } {
  const source: { read?: () => number } = {};
  new Gauge({
    name: 'clawgress_leaves_held',
    help: 'Certificates of intercepted names that Envoys hold',
    registers,
    collect() {
      if (source.read === undefined) this.remove();
      else this.set(source.read());
    },
  });
  return source;
}

function scrapedGauges(registers: Registry[]): { read?: () => Partial<GatewayGauges> } {
  const source: { read?: () => Partial<GatewayGauges> } = {};
  const gauge = (name: string, help: string, member: keyof GatewayGauges) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        if (source.read === undefined) return;
        const value = source.read()[member];
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  gauge('clawgress_recorder_queue_records', 'Proposals waiting for a commit', 'queue_records');
  gauge('clawgress_open_decisions', 'Allowed decisions without an outcome yet', 'open_decisions');
  gauge('clawgress_journal_records', 'Records in the journal', 'journal_records');
  gauge(
    'clawgress_checkpoint_records',
    'Records covered by the newest signed checkpoint',
    'checkpoint_records',
  );
  gauge(
    'clawgress_clock_held_back_seconds',
    'How far the wall clock is ahead of the ledger clock while it is not believed',
    'clock_held_back_s',
  );
  gauge('clawgress_heads_file_failed', '1 while the heads file cannot be written', 'heads_file_failed');
  gauge('clawgress_recorder_disk_free_bytes', 'Free space on the disk of the journal', 'disk_free_bytes');
  gauge('clawgress_recorder_disk_full', '1 while decisions are refused for lack of free space', 'disk_full');
  gauge(
    'clawgress_recorder_storage_problem',
    '1 while sealed segments cannot be packed or removed',
    'storage_problem',
  );
  gauge('clawgress_access_log_lag_bytes', 'Bytes of the access log not read yet', 'access_log_lag_bytes');
  gauge('clawgress_policy_age_seconds', 'Since the policy in force was loaded', 'policy_age_s');
  gauge('clawgress_policy_version', 'Of the signed bundle in force, 0 for local policy', 'policy_version');
  gauge(
    'clawgress_policy_valid_until_timestamp_seconds',
    'End of the signed bundle in force, 0 for local policy',
    'policy_valid_until_s',
  );
  gauge(
    'clawgress_policy_lapsed',
    '1 while the signed policy in force has expired or its key is revoked',
    'policy_lapsed',
  );
  gauge('clawgress_policy_refused', '1 while a newer policy or registry is refused', 'policy_refused');
  return source;
}
