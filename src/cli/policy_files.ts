import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LIBRARY_FILES_MAX } from '../core/policy/bounds.ts';
import { type Compilation, compilePolicySet } from '../core/policy/compile.ts';
import type { PolicyProblem } from '../core/policy/compiled.ts';
import type { Result } from '../core/result.ts';

/** The terminal and the file system, as far as policy commands need them. Texts are written without a newline added. */
export interface PolicyIo {
  out(text: string): void;
  err(text: string): void;
  /** Throws when the file cannot be read. */
  readFile(path: string): string;
  /** Names in a folder; throws when it cannot be read. */
  listFolder(path: string): readonly string[];
  /** Milliseconds since 1970. */
  nowMs(): number;
}

export const PROCESS_IO: PolicyIo = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  readFile: (path) => readFileSync(path, 'utf8'),
  listFolder: (path) => readdirSync(path),
  nowMs: () => Date.now(),
};

export interface PolicyFileArgs {
  readonly file: string;
  readonly json: boolean;
  /** Judge the document as part of a signed policy bundle, which may hold exceptions. */
  readonly signed?: boolean;
}

/** Compiles a document with its parents from the same folder. Undefined: it cannot be read, and the user knows. */
export function loadPolicy(
  { file, signed = false }: Pick<PolicyFileArgs, 'file' | 'signed'>,
  io: PolicyIo,
): Result<Compilation, readonly PolicyProblem[]> | undefined {
  let text: string;
  try {
    text = io.readFile(file);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    io.err(`cannot read ${file}: ${cause}\n`);
    return undefined;
  }
  const others = INHERITS.test(text) ? neighboursOf(file, io) : [];
  return compilePolicySet({ entry: { file, text }, others, trust: signed ? 'signed' : 'local' });
}

/** Generous: the compiler decides what the document says; this only decides whether to look around. */
const INHERITS = /inherits["']?\s*:/;
const DOCUMENT_NAME = /^[^.].*\.(?:ya?ml|json)$/;
const IS_POLICY = /clawgress\/policy\/v1/;

function neighboursOf(
  file: string,
  io: PolicyIo,
): readonly { readonly file: string; readonly text: string }[] {
  const folder = dirname(file);
  const names = io.listFolder(folder).filter((name) => DOCUMENT_NAME.test(name) && name !== basename(file));
  return names
    .toSorted()
    .slice(0, LIBRARY_FILES_MAX)
    .map((name) => join(folder, name))
    .flatMap((path) => {
      const text = readOrSkip(path, io);
      return text !== undefined && IS_POLICY.test(text) ? [{ file: path, text }] : [];
    });
}

/** A neighbour that cannot be read is missed only when somebody inherits it, and then the compiler says so. */
function readOrSkip(path: string, io: PolicyIo): string | undefined {
  try {
    return io.readFile(path);
  } catch {
    return undefined;
  }
}
