import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLE_FILE_BYTES_MAX } from '../core/policy_bundle/bounds.ts';
import type { AcceptedVersion } from '../core/policy_bundle/verify.ts';
import type { BundleRef } from '../core/receipt/records.ts';
import type { FeedLog, VersionStore } from './ports.ts';

const LABEL = 'clawgress/accepted-policy/v1';
const MAC_HEX = 64;

/**
 * What must not be forgotten between starts: the highest accepted version, so that no older bundle comes back, and the
 * last good bundle, so that a broken file does not stop a start. The journal knows the version, too.
 */
export class Versions {
  private readonly store: VersionStore;
  private readonly log: FeedLog;
  private highest: AcceptedVersion | undefined;

  constructor(store: VersionStore, log: FeedLog) {
    this.store = store;
    this.log = log;
    const { journal } = store;
    if (journal) this.raise({ version: journal.version, bundle_digest: journal.digest });
  }

  /** Read again each time: another gateway of this folder may have accepted a newer one. */
  accepted(): AcceptedVersion | undefined {
    const saved = this.saved();
    if (saved) this.raise(saved);
    return this.highest;
  }

  /** The bundle file that was accepted last. It is verified like any other before it is used. */
  lastGood(): Uint8Array | undefined {
    const path = this.path('last-good.bundle.json');
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isFile() && found.size <= BUNDLE_FILE_BYTES_MAX ? readFileSync(path) : undefined;
  }

  /**
   * The bundle first: a version without its bundle would refuse every start. Throws when another gateway of this
   * folder has accepted a newer one since this one was read.
   */
  keep(file: Uint8Array, { version, digest }: BundleRef): void {
    this.refuseOlder(version, digest);
    mkdirSync(this.store.dir, { recursive: true, mode: 0o700 });
    this.store.replaceFile(this.path('last-good.bundle.json'), file);
    const text = JSON.stringify({ version, bundle_digest: digest });
    this.store.replaceFile(this.path('accepted'), `${this.store.mac(LABEL, text)}\n${text}\n`);
    this.raise({ version, bundle_digest: digest });
  }

  private refuseOlder(version: number, digest: string): void {
    const accepted = this.accepted();
    if (accepted === undefined || accepted.version < version) return;
    if (accepted.version === version && accepted.bundle_digest === digest) return;
    throw new Error(`version ${version} comes too late: version ${accepted.version} was accepted meanwhile`);
  }

  private saved(): AcceptedVersion | undefined {
    const path = this.path('accepted');
    if (!existsSync(path)) return undefined;
    const content = readFileSync(path, 'utf8');
    const text = content.slice(MAC_HEX + 1, -1);
    // Only this gateway can have written what carries its MAC, so what is inside has the known shape.
    if (content === `${this.store.mac(LABEL, text)}\n${text}\n`) return JSON.parse(text) as AcceptedVersion;
    this.log.error(
      { file: path },
      'the file of the accepted policy version was changed by somebody else; ignored',
    );
    return undefined;
  }

  private raise(one: AcceptedVersion): void {
    if (this.highest === undefined || one.version > this.highest.version) this.highest = one;
  }

  private path(name: string): string {
    return join(this.store.dir, name);
  }
}
