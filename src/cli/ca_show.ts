import type { Layout } from '../config/layout.ts';
import { signingAt } from '../pki/manifest.ts';
import type { StoredAuthority } from '../pki/store.ts';
import { authorityStore } from './ca_store.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';

/** An authority as commands show it; no key material. */
export interface ShownAuthority {
  readonly name: string;
  readonly kind: StoredAuthority['kind'];
  /** `signs`: leaves now. `waiting`: trusted, signs later. `trusted`: signed before. `ended`: no longer in the bundle. */
  readonly state: 'signs' | 'waiting' | 'trusted' | 'ended';
  readonly fingerprint: string;
  readonly subject: string;
  readonly signs_from: string;
  readonly not_before: string;
  readonly not_after: string;
}

/** `ca show`. */
export function caShow(flags: Flags): ExitCode {
  const layout = layoutFor(settingsFor(flags));
  const authorities = shownAuthorities(layout);
  if (authorities.length === 0) {
    throw new CliError(
      EXIT.unavailable,
      `there is no authority in ${layout.ca_dir} yet`,
      'start once (`clawgress up`), or name the right folder with --state-dir',
    );
  }
  const bundle = layout.ca_bundle;
  process.stdout.write(
    flags['json'] === true
      ? `${JSON.stringify({ bundle, authorities })}\n`
      : `${authorities.map(textOf).join('')}agents trust ${bundle}\n`,
  );
  return EXIT.ok;
}

export function shownAuthorities(layout: Layout): readonly ShownAuthority[] {
  const [now_ms, listed] = [Date.now(), authorityStore(layout).list()];
  const signing = signingAt(listed, now_ms);
  return listed.map((one) => shown(one, stateOf(one, signing, now_ms)));
}

function stateOf(one: StoredAuthority, signing: StoredAuthority | undefined, now_ms: number) {
  if (now_ms >= one.not_after_ms) return 'ended';
  if (one === signing) return 'signs';
  return one.signs_from_ms > now_ms ? 'waiting' : 'trusted';
}

function shown(one: StoredAuthority, state: ShownAuthority['state']): ShownAuthority {
  const { name, kind, fingerprint, subject } = one;
  return {
    ...{ name, kind, state, fingerprint, subject },
    signs_from: time(one.signs_from_ms),
    not_before: time(one.not_before_ms),
    not_after: time(one.not_after_ms),
  };
}

/** Lines of one authority for people. */
export function textOf(one: ShownAuthority): string {
  const meaning = {
    signs: 'signs the certificates that agents see',
    waiting: `trusted; signs from ${one.signs_from}`,
    trusted: 'trusted; signed before',
    ended: 'ended; no longer trusted',
  }[one.state];
  return [
    `${one.name} (${one.kind}): ${meaning}`,
    `  ${one.subject}`,
    `  ${one.fingerprint}`,
    `  from ${one.not_before} to ${one.not_after}\n`,
  ].join('\n');
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
