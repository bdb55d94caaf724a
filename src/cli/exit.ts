import { ConfigError } from '../config/problem.ts';

/** Exit codes of every command; the same list is in the documentation. */
export const EXIT = {
  ok: 0,
  /** The check says no: denied, verification failed, lint errors, tests failed. */
  no: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** A needed service or file is unavailable. */
  unavailable: 3,
  /** A bug. */
  bug: 70,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A failure that the user can act on: one sentence, and what to do next. Shown without a stack. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  readonly nextStep: string | undefined;

  constructor(exitCode: ExitCode, message: string, nextStep?: string) {
    super(message);
    this.exitCode = exitCode;
    this.nextStep = nextStep;
  }
}

/** What a failure looks like on the terminal. `debug` adds the stack. */
export interface Explained {
  readonly exitCode: ExitCode;
  readonly text: string;
}

/** Errors with these names are refusals that already say what to do. */
const CLEAR = new Set(['KeyFileError', 'RecorderError', 'RegistryError', 'FeedError', 'AuthorityError']);
const SYSTEM_CODES: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EADDRINUSE: 'the address is in use',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
};

/** The one place where an unknown error becomes ours. */
export function explain(error: unknown, debug: boolean): Explained {
  const stack = debug && error instanceof Error && error.stack !== undefined ? `\n${error.stack}` : '';
  if (error instanceof CliError) {
    const next = error.nextStep === undefined ? '' : `\n  next: ${error.nextStep}`;
    return { exitCode: error.exitCode, text: `${error.message}${next}${stack}` };
  }
  if (error instanceof ConfigError) {
    return { exitCode: EXIT.usage, text: `the configuration is not valid:\n${error.message}${stack}` };
  }
  if (error instanceof Error && CLEAR.has(error.name)) {
    return { exitCode: EXIT.unavailable, text: `${error.message}${stack}` };
  }
  const system = systemError(error);
  if (system !== undefined) return { exitCode: EXIT.unavailable, text: `${system}${stack}` };
  const message = error instanceof Error ? error.message : String(error);
  const hint = debug ? '' : '\n  next: run it again with CLAWGRESS_DEBUG=1 and report what it prints';
  return { exitCode: EXIT.bug, text: `unexpected error: ${message}${hint}${stack}` };
}

function systemError(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path } = error as NodeJS.ErrnoException;
  const meaning = code === undefined ? undefined : SYSTEM_CODES[code];
  if (meaning === undefined) return undefined;
  return path === undefined ? `${error.message}` : `${path}: ${meaning}`;
}
