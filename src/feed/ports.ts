import type { PolicySettings } from '../config/settings.ts';
import type { CompiledPolicy, PolicyProblem } from '../core/policy/compiled.ts';
import type { BundleProblem } from '../core/policy_bundle/problems.ts';
import type { AcceptedVersion, PolicySources } from '../core/policy_bundle/verify.ts';
import type { BundleRef, PolicyRecord } from '../core/receipt/records.ts';
import type { Result } from '../core/result.ts';
import type { PolicyLapse } from '../core/verdict/proposal.ts';
import type { Snapshot } from '../server/ports.ts';

export interface FeedOptions {
  readonly settings: { readonly policy: PolicySettings; readonly registry_file: string };
  readonly compiler: PolicyCompiler;
  /** Compiles one registry document; pure. */
  readonly compileRegistry: (bytes: Uint8Array) => Result<LiveRegistry, readonly RegistryMistake[]>;
  /** Stores a document under its digest before anything is judged by it; durable when it returns. Throws to refuse. */
  readonly archive: (digest: string, bytes: Uint8Array) => void | Promise<void>;
  readonly versions: VersionStore;
  readonly log: FeedLog;
  /** Milliseconds since the epoch; never goes back, see `steadyClock`. */
  readonly now?: () => number;
  /** Called for each change that was refused. */
  readonly refused?: (source: FeedSource) => void;
}

/** Turns documents into plans, away from the event loop where they are large. */
export interface PolicyCompiler {
  local(sources: PolicySources): Promise<Result<LocalPolicy, readonly PolicyProblem[]>>;
  /** Everything that `verifyPolicyBundle` checks, with the plan. */
  signed(input: SignedInput): Promise<Result<OpenedBundle, BundleProblem>>;
}

export interface LocalPolicy {
  readonly policy: CompiledPolicy;
  readonly warnings: readonly PolicyProblem[];
}

export interface SignedInput {
  /** The bundle file. */
  readonly file: Uint8Array;
  /** The trust file. */
  readonly keys: Uint8Array;
  readonly now_ms: number;
  readonly accepted?: AcceptedVersion;
}

export interface OpenedBundle {
  readonly policy: CompiledPolicy;
  readonly bundle: BundleRef;
}

/** Where the highest accepted version and the last good bundle are kept between starts. */
export interface VersionStore {
  /** Folder; made when it is needed. */
  readonly dir: string;
  /** Hex MAC under a key of this state folder: nobody else can write a version here. */
  readonly mac: (label: string, text: string) => string;
  /** Readers see the old content or the new; durable when it returns. */
  readonly replaceFile: (path: string, content: string | Uint8Array) => void;
  /** The highest version that the journal names, so that losing the folder forgets nothing. */
  readonly journal?: BundleRef;
}

export interface LiveRegistry extends Pick<Snapshot, 'authenticate' | 'resume'> {
  readonly registry_hash: string;
  readonly canonical: Uint8Array;
  readonly agent_count: number;
}

export interface RegistryMistake {
  readonly pointer: string;
  readonly message: string;
  readonly allowed: string;
}

export interface FeedLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type FeedSource = 'policy' | 'registry';

/** What a snapshot is made of. */
export interface FeedState {
  readonly policy: CompiledPolicy;
  readonly trust: PolicyRecord['trust'];
  /** With `signed`. */
  readonly bundle?: BundleRef;
  readonly registry_hash: string;
  readonly registry_canonical: Uint8Array;
}

export interface FeedChange extends FeedState {
  readonly reason: FeedSource;
}

/** How current each document is. Times in milliseconds since the epoch. */
export interface SourceStatus {
  readonly file: string;
  readonly digest: string;
  readonly loaded_ms: number;
  /** Present while the file on disk is refused and the last good document is in force. */
  readonly refused?: Refusal;
}

export interface Refusal {
  readonly since_ms: number;
  readonly problems: readonly string[];
  /** `sha256:<hex>` of the refused file, when it could be read. */
  readonly file_digest?: string;
}

export interface PolicyStatus extends SourceStatus {
  readonly policy_id: string;
  readonly trust: PolicyRecord['trust'];
  readonly bundle?: BundleRef;
  /** Set while the bundle in force is not vouched for any more. */
  readonly lapse?: PolicyLapse;
}

export interface FeedStatus {
  readonly policy: PolicyStatus;
  readonly registry: SourceStatus;
}

export interface Feed {
  /** The snapshot in force; ask once per request. */
  current(): Snapshot;
  state(): FeedState;
  /**
   * The listener runs in the same tick as the swap, right after it: what it enqueues stands before every proposal
   * that was judged under the new snapshot. Returns the way to stop listening.
   */
  onChange(listener: (change: FeedChange) => void): () => void;
  status(): FeedStatus;
  /** Looks at both files now; resolves when what they hold is in force or refused. */
  reload(): Promise<void>;
  stop(): void;
}

/** The feed cannot start: no usable policy or registry. The message lists file, place and cause. */
export class FeedError extends Error {
  override readonly name = 'FeedError';
}
