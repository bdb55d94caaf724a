import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** One run of Envoy as its folder tells it. */
export interface LogEpoch {
  readonly id: string;
  readonly dir: string;
  /** Envoy has exited; nothing will be appended. */
  readonly ended: boolean;
}

/** One log file. Rotation renames `access.log` to `access.<index>.log`; ids stay with the content. */
export interface LogFile {
  /** `<epoch>.<index>`, the `log_file_id` of outcome records. */
  readonly id: string;
  readonly index: number;
  readonly path: string;
  readonly active: boolean;
}

const EPOCH = /^\d{6}-[0-9a-f]{8}$/;
const ROTATED = /^access\.([1-9]\d{0,5})\.log$/;
const ACTIVE = 'access.log';
/** Set by the tail when every allow of that epoch is closed. */
export const SWEPT = 'swept';

/** Epochs whose outcomes are not settled yet, oldest first. */
export async function openEpochs(envoyDir: string): Promise<LogEpoch[]> {
  const names = (await listOrEmpty(envoyDir)).filter((name) => EPOCH.test(name)).sort();
  const epochs: LogEpoch[] = [];
  for (const id of names) {
    const dir = join(envoyDir, id);
    const inside = await listOrEmpty(dir);
    if (!inside.includes(SWEPT)) epochs.push({ id, dir, ended: inside.includes('ended') });
  }
  return epochs;
}

/** Oldest first, the active one last. */
export async function logFiles(epoch: LogEpoch): Promise<LogFile[]> {
  const names = await listOrEmpty(epoch.dir);
  const rotated = names
    .flatMap((name) => ROTATED.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  const file = (index: number, name: string): LogFile => ({
    id: `${epoch.id}.${index}`,
    index,
    path: join(epoch.dir, name),
    active: name === ACTIVE,
  });
  const old = rotated.map((index) => file(index, `access.${index}.log`));
  return names.includes(ACTIVE) ? [...old, file((rotated.at(-1) ?? 0) + 1, ACTIVE)] : old;
}

/**
 * Opens by name and makes sure that the name still means the same content: a rotation in between would give the new
 * file the old one's id. Undefined: look again later.
 */
export async function openLog(epoch: LogEpoch, file: LogFile): Promise<FileHandle | undefined> {
  const handle = await open(file.path, 'r').catch(undefinedWhenMissing);
  if (handle === undefined || !file.active) return handle;
  const now = (await logFiles(epoch)).at(-1);
  if (now?.id === file.id) return handle;
  await handle.close();
  return undefined;
}

async function listOrEmpty(dir: string): Promise<string[]> {
  return (await readdir(dir).catch(undefinedWhenMissing)) ?? [];
}

function undefinedWhenMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
