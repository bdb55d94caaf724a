import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
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

/** Writes a new key file, 0600 from its first byte, durable (file and folder) before it returns. */
export function writeKeyFile(path: string, content: string | Uint8Array): void {
  const draft = `${path}.new`;
  // What a crash or somebody else left there would keep its mode, or lead elsewhere.
  rmSync(draft, { force: true });
  const fd = openSync(draft, 'wx', 0o600);
  try {
    writeSync(fd, typeof content === 'string' ? Buffer.from(content) : content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(draft, path);
  syncFolder(dirname(path));
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
