import { readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { askAdmin } from './admin.ts';
import type { Epoch } from './epochs.ts';

export const LOG_ROTATE_BYTES = 64 * 1024 * 1024;

/**
 * Renames `access.log` to `access.<n>.log` when it has grown over the bound and lets Envoy open a new one; nothing is
 * lost in between, because Envoy writes to the old file until it reopens. The reader empties what it has read.
 */
export async function rotateLog(
  epoch: Epoch,
  adminSocket: string,
  over = LOG_ROTATE_BYTES,
): Promise<boolean> {
  const active = join(epoch.dir, 'access.log');
  const size = await stat(active).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= over) return false;
  const numbers = (await readdir(epoch.dir)).map((name) =>
    Number(/^access\.([1-9]\d{0,5})\.log$/.exec(name)?.[1] ?? 0),
  );
  await rename(active, join(epoch.dir, `access.${Math.max(0, ...numbers) + 1}.log`));
  await askAdmin(adminSocket, 'POST', '/reopen_logs');
  return true;
}
