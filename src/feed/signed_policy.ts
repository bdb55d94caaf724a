import { createHash } from 'node:crypto';
import { parseTrustFile, type TrustFile } from '../core/bundle/trust_file.ts';
import { BUNDLE_FILE_BYTES_MAX } from '../core/policy_bundle/bounds.ts';
import { bundleProblemText } from '../core/policy_bundle/problems.ts';
import type { BundleRef } from '../core/receipt/records.ts';
import { timestampMs } from '../core/receipt/timestamp.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { PolicyLapse } from '../core/verdict/proposal.ts';
import { digestOf, readBounded, stampOf } from './files.ts';
import type { LivePolicy } from './live_policy.ts';
import { LINES_MAX, policyLine } from './policy_line.ts';
import type { FeedOptions, SignedInput } from './ports.ts';
import type { Compiled, Reader, Refused } from './source.ts';
import { Versions } from './versions.ts';

export const TRUST_FILE_BYTES_MAX = 1_048_576;
/** A bundle that is not valid yet is looked at again this often. */
const RETRY_MS = 10_000;

type Options = Pick<FeedOptions, 'settings' | 'compiler' | 'log' | 'versions'> & {
  readonly now: () => number;
};

/** A signed bundle, the keys that may sign it, and the versions that were accepted before. */
export class SignedPolicyReader implements Reader<LivePolicy> {
  readonly file: string;
  private readonly options: Options;
  private readonly versions: Versions;
  private keys: { readonly bytes: Uint8Array; readonly trust: TrustFile } | undefined;
  private waiting = false;
  /** Of the bundle in force: after this time nobody vouches for it. */
  private lapses_at_ms = Number.POSITIVE_INFINITY;
  private live: BundleRef | undefined;

  constructor(options: Options) {
    this.options = options;
    this.file = options.settings.policy.bundle;
    this.versions = new Versions(options.versions, options.log);
  }

  async stamp(): Promise<string> {
    const { keys } = this.options.settings.policy;
    const retry = this.waiting ? Math.floor(this.options.now() / RETRY_MS) : '';
    return `${await stampOf(this.file)}\n${await stampOf(keys)}\n${retry}`;
  }

  async read(live: boolean): Promise<Result<Compiled<LivePolicy>, Refused>> {
    this.waiting = false;
    const keysProblem = await this.loadKeys();
    this.judgeLive();
    const opened = await this.openFile();
    if (keysProblem !== undefined) return this.otherwise(live, { problems: [keysProblem] });
    return opened.ok ? opened : this.otherwise(live, opened.problem);
  }

  /** At a start, the last good bundle stands in for a file that is refused. */
  private async otherwise(live: boolean, instead: Refused): Promise<Result<Compiled<LivePolicy>, Refused>> {
    const kept = live ? undefined : this.versions.lastGood();
    if (kept === undefined) return fail(instead);
    const opened = await this.open(kept);
    if (opened.ok) return ok({ ...opened.value, instead });
    const problems = opened.problem.problems.map((line) => `the last good bundle: ${line}`);
    return fail({ ...instead, problems: [...instead.problems, ...problems] });
  }

  private async openFile(): Promise<Result<Compiled<LivePolicy>, Refused>> {
    const file = await readBounded(this.file, BUNDLE_FILE_BYTES_MAX);
    return file.ok ? await this.open(file.value) : fail({ problems: [file.problem] });
  }

  private async open(file: Uint8Array): Promise<Result<Compiled<LivePolicy>, Refused>> {
    if (this.keys === undefined) return fail({ problems: ['there are no trusted policy keys'] });
    const accepted = this.versions.accepted();
    const now_ms = this.options.now();
    const input: SignedInput = { file, keys: this.keys.bytes, now_ms, ...(accepted ? { accepted } : {}) };
    const opened = await this.options.compiler.signed(input);
    if (!opened.ok) {
      const { code, mistakes = [] } = opened.problem;
      this.waiting ||= code === 'BUNDLE_NOT_YET_VALID' || code === 'KEY_NOT_YET_VALID';
      const lines = mistakes.slice(0, LINES_MAX).map(policyLine);
      const when =
        code === 'BUNDLE_EXPIRED' ? [`for this gateway it is ${new Date(now_ms).toISOString()}`] : [];
      const problems = [`${this.file}: ${bundleProblemText(opened.problem)}`, ...when, ...lines];
      return fail({ problems, file_digest: digestOf(file) });
    }
    return ok(this.compiled(file, opened.value.policy, opened.value.bundle));
  }

  private compiled(file: Uint8Array, policy: LivePolicy['policy'], bundle: BundleRef): Compiled<LivePolicy> {
    const lapse = (now_ms: number): PolicyLapse | undefined =>
      Math.max(now_ms, this.options.now()) > this.lapses_at_ms
        ? this.options.settings.policy.stale
        : undefined;
    return {
      value: { policy, trust: 'signed', bundle, lapse },
      digest: policy.policy_hash,
      identity: bundle.digest,
      canonical: policy.canonical,
      keep: () => {
        this.versions.keep(file, bundle);
        this.live = bundle;
        this.judgeLive();
      },
    };
  }

  /** Until when the bundle in force is vouched for: its own end, or that of its key, whichever comes first. */
  private judgeLive(): void {
    if (this.live === undefined || this.keys === undefined) return;
    const { key_id, valid_until } = this.live;
    const key = this.keys.trust.keys.find((one) => one.keyId === key_id && one.purpose === 'policy');
    const ends = [timestampMs(valid_until) ?? 0, key?.validUntilMs ?? Number.POSITIVE_INFINITY];
    const revoked = key?.revokedAtMs === undefined ? Number.POSITIVE_INFINITY : key.revokedAtMs - 1;
    this.lapses_at_ms = key === undefined ? Number.NEGATIVE_INFINITY : Math.min(...ends, revoked);
  }

  /** A key file that cannot be used leaves the last good one in force. Returns what is wrong with it. */
  private async loadKeys(): Promise<string | undefined> {
    const path = this.options.settings.policy.keys;
    const bytes = await readBounded(path, TRUST_FILE_BYTES_MAX);
    if (!bytes.ok) return bytes.problem;
    const trust = parseTrustFile((data) => createHash('sha256').update(data).digest(), bytes.value);
    if (!trust.ok) return `${path} is not a trust file: ${trust.problem.code} at ${trust.problem.at || '/'}`;
    this.keys = { bytes: bytes.value, trust: trust.value };
    return undefined;
  }
}
