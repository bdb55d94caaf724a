import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('./fault_shim.c', import.meta.url));
/** By position in `struct control`. */
const WORDS = [
  'write_errno',
  'write_short',
  'sync_errno',
  'times',
  'write_delay_us',
  'sync_delay_us',
  'clock_ms',
  'failed',
  'synced_inode',
  'synced_bytes',
] as const;
type Word = (typeof WORDS)[number];

export const { EIO, ENOSPC } = constants.errno;
/** For `times`: every call fails until it is set back. */
export const ALWAYS = -1;

/** A disk and a clock that do as they are told, for all processes started with `env`. */
export interface Shim {
  readonly env: Readonly<Record<string, string>>;
  set(words: Partial<Record<Word, number>>): void;
  /** `failed`: how many calls were made to fail. `synced_*`: what of which journal file is on stable storage. */
  read(word: Word): number;
  remove(): void;
}

/** Why there is no shim here, or undefined when there can be one. */
export function shimMissing(): string | undefined {
  if (process.platform !== 'linux') return 'the shim is for Linux';
  return spawnSync('cc', ['--version']).error === undefined
    ? undefined
    : 'cc is missing, the shim cannot be built';
}

export function buildShim(): Shim {
  const dir = mkdtempSync(join(tmpdir(), 'cg-shim-'));
  const library = join(dir, 'fault_shim.so');
  const built = spawnSync(
    'cc',
    ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', library, SOURCE, '-ldl'],
    {
      encoding: 'utf8',
    },
  );
  if (built.status !== 0) throw new Error(`fault_shim.c does not build:\n${built.stderr}`);
  const path = join(dir, 'control');
  const control = openSync(path, 'w+', 0o600);
  writeSync(control, new Uint8Array(WORDS.length * 8));
  return {
    env: { LD_PRELOAD: library, CG_FAULT_CONTROL: path },
    set(words) {
      for (const [index, word] of WORDS.entries()) {
        const value = words[word];
        if (value !== undefined) writeSync(control, wordBytes(value), 0, 8, index * 8);
      }
    },
    read(word) {
      const bytes = Buffer.alloc(8);
      readSync(control, bytes, 0, 8, WORDS.indexOf(word) * 8);
      return Number(bytes.readBigInt64LE());
    },
    remove() {
      closeSync(control);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function wordBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}
