import { randomBytes } from 'node:crypto';
import {
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
import { type Agent, REGISTRY_SCHEMA, type RegistryDocument } from '../core/identity/agent.ts';
import { parseRegistry, type RegistryProblem } from '../core/identity/registry_document.ts';
import { withFileLock } from './file_lock.ts';
import { RegistryError } from './registry_error.ts';

/** A registry without agents: nobody may do anything. */
const EMPTY_REGISTRY: RegistryDocument = { schema: REGISTRY_SCHEMA, agents: [] };

/** Reads and checks the registry; a missing file is an empty registry. Throws RegistryError. */
export function readRegistryFile(file: string): RegistryDocument {
  const bytes = readIfThere(file);
  if (!bytes) return EMPTY_REGISTRY;
  const document = parseRegistry(bytes);
  if (!document.ok) throw new RegistryError(describe(file, document.problem));
  return document.value;
}

/**
 * Replaces the agents by what `change` makes of them, atomically and durably, one writer at a time. What `change`
 * throws leaves the file as it was. Agents are kept sorted, so that equal registries have equal digests.
 */
export async function updateRegistryFile(
  file: string,
  change: (agents: readonly Agent[]) => readonly Agent[],
): Promise<RegistryDocument> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  requireOwner(file);
  return withFileLock(file, () => {
    const agents = [...change(readRegistryFile(file).agents)].sort((a, b) =>
      a.agent_id < b.agent_id ? -1 : 1,
    );
    const document: RegistryDocument = { schema: REGISTRY_SCHEMA, agents };
    const bytes = new TextEncoder().encode(`${JSON.stringify(document, null, 2)}\n`);
    // What we write has to pass the reader that the gateway uses.
    const check = parseRegistry(bytes);
    if (!check.ok) throw new RegistryError(describe(file, check.problem));
    replaceFile(file, bytes);
    return document;
  });
}

/** What root writes here, the gateway's user could not read: it would keep its last registry, and say so in its log alone. */
function requireOwner(file: string): void {
  const own = process.getuid?.();
  const { uid } = statSync(existsSync(file) ? file : dirname(file));
  if (own === undefined || uid === own) return;
  throw new RegistryError(
    `${file} belongs to uid ${uid}, who could not read what uid ${own} writes; run this as that user: sudo -u '#${uid}' clawgress …`,
  );
}

/** One line for each problem: file, JSON pointer, what was found, what is allowed. */
export function describe(file: string, problems: readonly RegistryProblem[]): string {
  return problems.map((one) => `${file}#${one.pointer}: ${one.message}; allowed: ${one.allowed}`).join('\n');
}

function readIfThere(file: string): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new RegistryError(`${file}: ${error instanceof Error ? error.message : 'cannot be read'}`);
  }
}

/** Write beside, sync, rename, sync the folder: readers see the old file or the new one, also after a power cut. */
function replaceFile(file: string, bytes: Uint8Array): void {
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
  const fd = openSync(draft, 'wx', 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  syncFolder(dirname(file));
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
