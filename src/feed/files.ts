import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fail, ok, type Result } from '../core/result.ts';

/** Inode, size and times: a replaced file and an edited one both show. */
export async function stampOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found ? [found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ') : 'missing';
}

/** A whole file, or one line about why not. A pipe or a device in its place neither blocks nor fills the memory. */
export async function readBounded(path: string, bytesMax: number): Promise<Result<Buffer, string>> {
  try {
    // Without O_NONBLOCK the opening of a pipe waits for a writer, and with it every later look at any of the files.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      if (!found.isFile()) return fail(`${path}: not a regular file`);
      if (found.size > bytesMax) return fail(`${path}: ${found.size} bytes; allowed: at most ${bytesMax}`);
      return await readExactly(file, found.size, path);
    } finally {
      await file.close();
    }
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return fail(isMissing ? `${path}: no such file` : `${path}: ${String(error)}`);
  }
}

/** No byte more than the size that was allowed, however fast the file grows. */
async function readExactly(file: FileHandle, size: number, path: string): Promise<Result<Buffer, string>> {
  const bytes = Buffer.alloc(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, size - at, at);
    if (bytesRead === 0) return fail(`${path}: changes while it is being read`);
    at += bytesRead;
  }
  return ok(bytes);
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function utf8Of(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
