import { readFileSync } from 'node:fs';
import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { readKeyFile } from '../keys/key_file.ts';
import { checkImport } from '../pki/import_check.ts';
import { signingAt } from '../pki/manifest.ts';
import type { AuthorityStore } from '../pki/store.ts';
import { shownAuthorities, textOf } from './ca_show.ts';
import { addRoot, authorityStore } from './ca_store.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';
import { privateFolder, writeBundles } from './state.ts';

/** Agents read the bundle when they start; most start again within a day. */
const OVERLAP_HOURS = 24;
const OVERLAP_HOURS_MAX = 24 * 90;
const HOUR_MS = 3_600_000;

interface Place {
  readonly settings: Settings;
  readonly layout: Layout;
  readonly store: AuthorityStore;
}

/** `ca rotate`: the new root is trusted from now on, and signs once agents had the time to learn of it. */
export async function caRotate(flags: Flags): Promise<ExitCode> {
  const place = open(flags);
  const name = await addRoot(place.store, place.settings, signsFrom(place.store, flags));
  return added(place, name, flags);
}

/** `ca import`: an authority that somebody else made. */
export function caImport(flags: Flags): ExitCode {
  const place = open(flags);
  const [chain, key] = [String(flags['chain']), String(flags['key'])];
  const keyPem = readKeyFile(key);
  if (keyPem === undefined)
    throw new CliError(EXIT.unavailable, `${key}: no such file`, 'name the key with --key');
  const checked = checkImport(readFileSync(chain, 'utf8'), keyPem.toString('utf8'), Date.now());
  if (!checked.ok) {
    throw new CliError(EXIT.no, `${chain} cannot sign: ${checked.problem.text} (${checked.problem.code})`);
  }
  return added(place, place.store.add('imported', checked.value, signsFrom(place.store, flags)), flags);
}

/** `ca remove`: never the one that signs. */
export function caRemove(name: string, flags: Flags): ExitCode {
  const { settings, layout, store } = open(flags);
  const known = shownAuthorities(layout);
  const found = known.find((one) => one.name === name);
  if (found === undefined) {
    const names = known.map((one) => one.name).join(', ');
    throw new CliError(EXIT.usage, `there is no authority ${name}; known: ${names || 'none'}`);
  }
  if (found.state === 'signs') {
    throw new CliError(
      EXIT.no,
      `${name} signs now`,
      'clawgress ca rotate, and remove it when the new one signs',
    );
  }
  store.remove(name);
  writeBundles(settings, layout);
  const text = `${name}: removed, and no longer in ${layout.ca_bundle}\n`;
  process.stdout.write(
    flags['json'] === true ? `${JSON.stringify({ removed: found, bundle: layout.ca_bundle })}\n` : text,
  );
  return EXIT.ok;
}

function open(flags: Flags): Place {
  const settings = settingsFor(flags);
  const layout = layoutFor(settings);
  for (const folder of [layout.state_dir, layout.ca_dir]) privateFolder(folder);
  return { settings, layout, store: authorityStore(layout) };
}

/** When the next authority signs. At once when nobody else does. */
function signsFrom(store: AuthorityStore, flags: Flags): number {
  const now_ms = Date.now();
  const listed = store.list();
  const waiting = listed.find((one) => one.signs_from_ms > now_ms);
  if (waiting !== undefined) {
    const from = new Date(waiting.signs_from_ms).toISOString();
    throw new CliError(
      EXIT.no,
      `${waiting.name} waits already, and signs from ${from}`,
      `wait for it, or clawgress ca remove ${waiting.name}`,
    );
  }
  const hours = overlapHours(flags);
  return signingAt(listed, now_ms) === undefined ? now_ms : now_ms + hours * HOUR_MS;
}

function overlapHours(flags: Flags): number {
  const { after, now } = flags;
  if (now === true && after === undefined) return 0;
  const text = after === undefined ? `${OVERLAP_HOURS}` : String(after);
  const hours = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (now !== true && hours <= OVERLAP_HOURS_MAX) return hours;
  const found = now === true ? '--now together with --after' : `--after ${text}`;
  throw new CliError(EXIT.usage, `${found}; allowed: --now, or --after with 0 to ${OVERLAP_HOURS_MAX} hours`);
}

function added({ settings, layout }: Place, name: string, flags: Flags): ExitCode {
  writeBundles(settings, layout);
  const authority = shownAuthorities(layout).find((one) => one.name === name);
  if (authority === undefined) throw new Error(`invariant: ${name} is not listed`);
  const text = `${textOf(authority)}agents trust it once they have read ${layout.ca_bundle} again\n`;
  process.stdout.write(
    flags['json'] === true ? `${JSON.stringify({ added: authority, bundle: layout.ca_bundle })}\n` : text,
  );
  return EXIT.ok;
}
