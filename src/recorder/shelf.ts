import { open, rename, unlink } from 'node:fs/promises';

/** A file being written; nobody reads it before it has its final name. */
export interface Draft {
  write(bytes: Uint8Array): Promise<void>;
  /** MUST NOT return before everything written is on stable storage. A failed sync is never tried again on the same draft. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What the care of sealed segments asks of the file system; all of it beside the event loop. */
export interface Shelf {
  create(path: string): Promise<Draft>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes creations, renames and removals in a folder durable. */
  syncFolder(folder: string): Promise<void>;
}

export const fileShelf: Shelf = {
  async create(path) {
    const file = await open(path, 'w', 0o600);
    return {
      async write(bytes) {
        for (let at = 0; at < bytes.length; )
          at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
      },
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  rename,
  remove: unlink,
  async syncFolder(folder) {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

/** Writes a whole file under its final name: readers see nothing, or all of it. `fill` writes the content. */
export async function shelve(
  shelf: Shelf,
  folder: string,
  path: string,
  fill: (draft: Draft) => Promise<void>,
  verify?: (draftPath: string) => Promise<void>,
): Promise<void> {
  const draftPath = `${path}${DRAFT_SUFFIX}`;
  const draft = await shelf.create(draftPath);
  try {
    await fill(draft);
    await draft.sync();
  } finally {
    await draft.close();
  }
  await verify?.(draftPath);
  await shelf.rename(draftPath, path);
  await shelf.syncFolder(folder);
}

/** Of files that were never finished; whoever finds one may remove it. */
export const DRAFT_SUFFIX = '.new';
