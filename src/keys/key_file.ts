import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** A key file or folder that cannot be used as it is. The message names the fix. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

const OTHERS = 0o077;

/** Makes the folder with mode 0700, or refuses one that others can enter. */
export function openKeyFolder(folder: string): void {
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  }
  refuseOthers(folder, '700');
}

/** Reads a key file; undefined when it does not exist. Throws on a mode wider than 0600. */
export function readKeyFile(path: string): Buffer | undefined {
  if (!existsSync(path)) return undefined;
  refuseOthers(path, '600');
  return readFileSync(path);
}

/**
 * Writes a new key file, 0600 from its first byte, durable (file and folder) before it returns. Never replaces one: false
 * when another process was first, whose key then counts.
 */
export function writeKeyFile(path: string, content: string | Uint8Array): boolean {
  const draft = `${path}.${process.pid}.new`;
  // What a crash or somebody else left there would keep its mode, or lead elsewhere.
  rmSync(draft, { force: true });
  const fd = openSync(draft, 'wx', 0o600);
  try {
    writeSync(fd, typeof content === 'string' ? Buffer.from(content) : content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  const isOurs = linkNew(draft, path);
  rmSync(draft, { force: true });
  syncFolder(dirname(path));
  return isOurs;
}

function linkNew(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function refuseOthers(path: string, mode: string): void {
  const found = statSync(path).mode & 0o777;
  if ((found & OTHERS) === 0) return;
  throw new KeyFileError(
    `${path} has mode 0${found.toString(8)}: other users could use the key. Fix: chmod ${mode} ${path}`,
  );
}
