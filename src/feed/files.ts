import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { fail, ok, type Result } from '../core/result.ts';

/** Inode, size and times: a replaced file and an edited one both show. */
export async function stampOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found ? [found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ') : 'missing';
}

/** A whole file, or one line about why not. */
export async function readBounded(path: string, bytesMax: number): Promise<Result<Buffer, string>> {
  try {
    const { size } = await stat(path);
    if (size > bytesMax) return fail(`${path}: ${size} bytes; allowed: at most ${bytesMax}`);
    return ok(await readFile(path));
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return fail(isMissing ? `${path}: no such file` : `${path}: ${String(error)}`);
  }
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
