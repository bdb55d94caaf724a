import type { CompiledPolicy, PolicyProblem } from '../core/policy/compiled.ts';
import type { Result } from '../core/result.ts';
import type { Snapshot } from '../server/ports.ts';

export interface FeedOptions {
  readonly settings: { readonly policy: { readonly file: string }; readonly registry_file: string };
  /** Compiles one policy document; pure. */
  readonly compile: (source: {
    file: string;
    text: string;
  }) => Result<{ policy: CompiledPolicy; warnings: readonly PolicyProblem[] }, readonly PolicyProblem[]>;
  /** Compiles one registry document; pure. */
  readonly compileRegistry: (bytes: Uint8Array) => Result<LiveRegistry, readonly RegistryMistake[]>;
  /** Stores a document under its digest before anything is judged by it; durable when it returns. Throws to refuse. */
  readonly archive: (digest: string, bytes: Uint8Array) => void | Promise<void>;
  readonly log: FeedLog;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Called for each change that was refused. */
  readonly refused?: (source: FeedSource) => void;
}

export interface LiveRegistry extends Pick<Snapshot, 'authenticate'> {
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
  readonly registry_hash: string;
  readonly registry_canonical: Uint8Array;
}

export interface FeedChange extends FeedState {
  readonly reason: 'policy' | 'registry' | 'both';
}

/** How current each document is. Times in milliseconds since the epoch. */
export interface SourceStatus {
  readonly file: string;
  readonly digest: string;
  readonly loaded_ms: number;
  /** Present while the file on disk is refused and the last good document is in force. */
  readonly refused?: { readonly since_ms: number; readonly problems: readonly string[] };
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
  status(): Readonly<Record<FeedSource, SourceStatus>>;
  /** Looks at both files now; resolves when what they hold is in force or refused. */
  reload(): Promise<void>;
  stop(): void;
}

/** The feed cannot start: no usable policy or registry. The message lists file, place and cause. */
export class FeedError extends Error {
  override readonly name = 'FeedError';
}
