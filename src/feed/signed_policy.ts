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

interface Keys {
  readonly bytes: Uint8Array;
  readonly trust: TrustFile;
}

/** A signed bundle, the keys that may sign it, and the versions that were accepted before. */
export class SignedPolicyReader implements Reader<LivePolicy> {
  readonly file: string;
  private readonly options: Options;
  private readonly versions: Versions;
  private keys: Keys | undefined;
  private waiting = false;

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
    return {
      value: { policy, trust: 'signed', bundle, lapse: this.lapseOf(bundle) },
      digest: policy.policy_hash,
      identity: bundle.digest,
      canonical: policy.canonical,
      keep: () => this.versions.keep(file, bundle),
    };
  }

  /** Of this one bundle: a request that still holds it is not saved by the next one. */
  private lapseOf(bundle: BundleRef): (now_ms: number) => PolicyLapse | undefined {
    let judged: { readonly keys: Keys | undefined; readonly lapses_at_ms: number } | undefined;
    return (now_ms) => {
      if (judged?.keys !== this.keys || judged === undefined)
        judged = { keys: this.keys, lapses_at_ms: vouchedUntil(bundle, this.keys) };
      const isLapsed = Math.max(now_ms, this.options.now()) > judged.lapses_at_ms;
      return isLapsed ? this.options.settings.policy.stale : undefined;
    };
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

/** The end of a bundle, or that of its key, whichever comes first. */
function vouchedUntil({ key_id, valid_until }: BundleRef, keys: Keys | undefined): number {
  const key = keys?.trust.keys.find((one) => one.keyId === key_id && one.purpose === 'policy');
  if (key === undefined) return Number.NEGATIVE_INFINITY;
  const { validUntilMs = Number.POSITIVE_INFINITY, revokedAtMs = Number.POSITIVE_INFINITY } = key;
  return Math.min(timestampMs(valid_until) ?? 0, validUntilMs, revokedAtMs - 1);
}
