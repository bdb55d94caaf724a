import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecorderKeys } from './options.ts';
import type { StateSnapshot } from './state.ts';

/** The folded state at one place in the journal. It only saves reading: without it the journal is read from the start. */
export interface SavedState {
  readonly format: 1;
  readonly state: StateSnapshot;
  /** Segment file, and the offset behind the line that `state.head_hash` names. */
  readonly segment: string;
  readonly offset: number;
  /** Of the same records, and on disk before this is: it lies beyond `state.head_seq`. */
  readonly checkpoint?: { readonly size: number; readonly root: string };
}

const LABEL = 'clawgress/ledger-snapshot/v1';
const MAC_HEX = 64;

/** `base`: the one that retention rests on; nothing before its segment is needed for a start. */
export type SavedStateName = 'snapshot' | 'base';

export function savedStatePath(dir: string, name: SavedStateName): string {
  return join(dir, `${name}.json`);
}

export function savedStateText(keys: RecorderKeys, saved: SavedState): string {
  const text = JSON.stringify(saved);
  return `${keys.hmac(LABEL, text)}\n${text}\n`;
}

/** Undefined when there is none or when it does not carry our MAC: its content is trusted, so it must be ours. */
export function readSavedState(
  dir: string,
  keys: RecorderKeys,
  name: SavedStateName = 'snapshot',
): SavedState | undefined {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = savedStatePath(dir, name);
  if (!existsSync(path)) return undefined;
  const content = readFileSync(path, 'utf8');
  const text = content.slice(MAC_HEX + 1, -1);
  if (content !== `${keys.hmac(LABEL, text)}\n${text}\n`) return undefined;
  const saved = JSON.parse(text) as SavedState;
  return saved.format === 1 ? saved : undefined;
}
