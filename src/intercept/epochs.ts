import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One run of Envoy: a folder of its own, named so that names sort by age. */
export interface Epoch {
  readonly id: string;
  readonly dir: string;
}

const NAME = /^\d{6}-[0-9a-f]{8}$/;
const EPOCHS_MAX = 999_999;
/** Present once that Envoy has exited: its log will not grow any more. */
const ENDED = 'ended';
const OWNER = 'process.json';

/** Oldest first; other entries of the folder are ignored. */
export async function listEpochs(envoyDir: string): Promise<Epoch[]> {
  const names = await readdir(envoyDir).catch(emptyWhenMissing);
  return names
    .filter((name) => NAME.test(name))
    .sort()
    .map((id) => ({ id, dir: join(envoyDir, id) }));
}

/** The random part keeps two starts apart even if the folder was emptied in between. */
export async function createEpoch(envoyDir: string): Promise<Epoch> {
  await mkdir(envoyDir, { recursive: true, mode: 0o700 });
  const last = (await listEpochs(envoyDir)).at(-1);
  const counter = last === undefined ? 1 : Number(last.id.slice(0, 6)) + 1;
  if (counter > EPOCHS_MAX) throw new Error('the counter of Envoy runs is used up');
  const id = `${String(counter).padStart(6, '0')}-${randomBytes(4).toString('hex')}`;
  const dir = join(envoyDir, id);
  await mkdir(dir, { mode: 0o700 });
  return { id, dir };
}

export async function hasEnded(epoch: Epoch): Promise<boolean> {
  return stat(join(epoch.dir, ENDED)).then(
    () => true,
    () => false,
  );
}

export async function markEnded(epoch: Epoch): Promise<void> {
  await writeFile(join(epoch.dir, ENDED), '', { mode: 0o600 });
}

/** Who runs this epoch. Process ids are reused, so the start time (clock ticks since boot) and the boot belong to it. */
export interface Owner {
  readonly pid: number;
  readonly start_ticks: string;
  readonly boot_id: string;
}

export async function writeOwner(epoch: Epoch, pid: number): Promise<void> {
  const owner = await ownerOf(pid);
  if (owner !== undefined) await writeFile(join(epoch.dir, OWNER), JSON.stringify(owner), { mode: 0o600 });
}

/** The process that still runs this epoch; undefined when it is gone, whoever has its number now. */
export async function livingOwner(epoch: Epoch): Promise<number | undefined> {
  const text = await readFile(join(epoch.dir, OWNER), 'utf8').catch(() => '');
  const written = parseOwner(text);
  if (written === undefined) return undefined;
  const now = await ownerOf(written.pid);
  const same = now?.start_ticks === written.start_ticks && now.boot_id === written.boot_id;
  return same ? written.pid : undefined;
}

function parseOwner(text: string): Owner | undefined {
  try {
    const { pid, start_ticks, boot_id } = JSON.parse(text) as Record<string, unknown>;
    if (!Number.isSafeInteger(pid) || typeof pid !== 'number' || pid <= 1) return undefined;
    return typeof start_ticks === 'string' && typeof boot_id === 'string'
      ? { pid, start_ticks, boot_id }
      : undefined;
  } catch {
    // A cut file: written before the process was known to run.
    return undefined;
  }
}

/** Reads /proc; undefined when there is no such process, or it is a zombie (exited and not yet reaped). */
async function ownerOf(pid: number): Promise<Owner | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The command name may hold spaces and parentheses; fields are counted from the last closing one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const boot_id = (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim();
    const start_ticks = fields[19];
    return fields[0] === 'Z' || start_ticks === undefined ? undefined : { pid, start_ticks, boot_id };
  } catch {
    return undefined;
  }
}

function emptyWhenMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
