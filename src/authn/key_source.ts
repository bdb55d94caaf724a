import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type KeySet, parseKeySet } from './key_set.ts';

export interface AuthnLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface KeySourceOptions {
  readonly issuer: string;
  /** `file:` path or `https:` URL. */
  readonly location: string;
  /** Keys not confirmed for longer than this verify nothing. */
  readonly max_age_ms: number;
  readonly log: AuthnLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Reads the document; rejects when it cannot. */
  readonly load?: (location: string) => Promise<string>;
}

const DOCUMENT_BYTES_MAX = 262_144;
const FETCH_TIMEOUT_MS = 5_000;
/** A token with an unknown key id may make us ask again this often, and not more. */
const COOLDOWN_MS = 30_000;
const FILE_INTERVAL_MS = 1_000;
const URL_INTERVAL_MS = 300_000;
/** How much longer than their maximum age keys serve where `fail_mode` is open. */
const STALE_MAX_MS = 604_800_000;
const RETRY_INTERVAL_MS = 15_000;

/** The keys of one issuer: refreshed in the background, kept while the source is away, refused when too old. */
export class KeySource {
  private readonly options: KeySourceOptions;
  private readonly interval_ms: number;
  private text = '';
  private keys: KeySet | undefined;
  private confirmed_ms = 0;
  private asked_ms = Number.NEGATIVE_INFINITY;
  private failing = false;
  private pending: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(options: KeySourceOptions) {
    this.options = options;
    const usual = options.location.startsWith('file:') ? FILE_INTERVAL_MS : URL_INTERVAL_MS;
    this.interval_ms = Math.min(usual, Math.ceil(options.max_age_ms / 3));
  }

  /** Loads now and from then on in the background. Resolves after the first attempt, successful or not. */
  async start(): Promise<void> {
    await this.refresh();
    this.schedule();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** The current set while it is young enough. The object changes exactly when the keys do. */
  current(): KeySet | undefined {
    return this.options.now() - this.confirmed_ms <= this.options.max_age_ms ? this.keys : undefined;
  }

  /**
   * The last good set although it is too old, for environments with open `fail_mode`. Even those do not go on for ever:
   * a key that was withdrawn a week ago must be dead everywhere.
   */
  lastKnown(): KeySet | undefined {
    const age_ms = this.options.now() - this.confirmed_ms;
    return age_ms <= this.options.max_age_ms + STALE_MAX_MS ? this.keys : undefined;
  }

  /** Waits for a load that is under way; nothing else. */
  async settled(): Promise<void> {
    await this.pending;
  }

  /** Asks the source again because a token named a key we do not have, unless it was asked a moment ago. */
  async refreshForUnknownKey(): Promise<void> {
    if (this.options.now() - this.asked_ms >= COOLDOWN_MS) await this.refresh();
    else await this.pending;
  }

  private refresh(): Promise<void> {
    this.pending ??= this.loadOnce().finally(() => {
      this.pending = undefined;
    });
    return this.pending;
  }

  private async loadOnce(): Promise<void> {
    this.asked_ms = this.options.now();
    try {
      const text = await (this.options.load ?? loadDocument)(this.options.location);
      this.accept(text);
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.report(error);
      this.failing = true;
    }
  }

  private accept(text: string): void {
    if (text !== this.text || !this.keys) {
      const keys = parseKeySet(text);
      if (!keys.ok) throw new Error(keys.problem);
      this.keys = keys.value;
      this.text = text;
      this.options.log.info({ issuer: this.options.issuer, keys: keys.value.size }, 'issuer keys loaded');
    }
    this.confirmed_ms = this.options.now();
  }

  private report(error: unknown): void {
    const age_ms = this.keys ? this.options.now() - this.confirmed_ms : undefined;
    const cause = error instanceof Error ? error.message : 'unknown';
    const { issuer, location } = this.options;
    this.options.log.warn({ issuer, location, cause, age_ms }, 'issuer keys could not be refreshed');
  }

  private schedule(): void {
    if (this.stopped) return;
    const wait = this.failing ? Math.min(this.interval_ms, RETRY_INTERVAL_MS) : this.interval_ms;
    this.timer = setTimeout(() => {
      void this.refresh().finally(() => this.schedule());
    }, wait);
    this.timer.unref();
  }
}

async function loadDocument(location: string): Promise<string> {
  if (location.startsWith('file:')) return loadFile(location);
  const response = await fetch(location, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  if (response.status !== 200 || !response.body) throw new Error(`status ${response.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > DOCUMENT_BYTES_MAX) throw new Error('document is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function loadFile(location: string): Promise<string> {
  const path = location.startsWith('file://') ? fileURLToPath(location) : location.slice('file:'.length);
  if ((await stat(path)).size > DOCUMENT_BYTES_MAX) throw new Error('document is too large');
  return readFile(path, 'utf8');
}
