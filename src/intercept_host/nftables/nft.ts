import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { REMOVE_TABLE, TABLE } from './render.ts';

/** Not the caller's PATH: this runs as root. */
const PLACES = ['/usr/sbin', '/sbin', '/usr/bin', '/bin', '/usr/local/sbin'] as const;
/** Of everything that is run as root here. */
export const ENVIRONMENT = { PATH: PLACES.join(':'), LC_ALL: 'C' } as const;
const TIMEOUT_MS = 20_000;
const OUTPUT_BYTES_MAX = 16 * 1_048_576;

/** `nft` said no, or could not run; the message holds what it printed. */
export class NftError extends Error {
  override readonly name = 'NftError';
}

/** Absolute path of a system program, or undefined when it is not installed. */
export function findProgram(name: string, places: readonly string[] = PLACES): string | undefined {
  return places.map((place) => `${place}/${name}`).find(isExecutable);
}

/** The `nft` of this host, in the network namespace of this process. */
export class Nft {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Asks the kernel whether the text could be loaded; changes nothing. */
  check(text: string): void {
    this.#run(['-c', '-f', '-'], text);
  }

  /** Loads the text as one transaction: all of it, or nothing. */
  load(text: string): void {
    this.#run(['-f', '-'], text);
  }

  /** Our table as the kernel has it, without counts; undefined when it is not there. */
  listing(): string | undefined {
    const tables = this.#run(['list', 'tables'], '');
    if (!tables.split('\n').includes(`table ${TABLE}`)) return undefined;
    return this.#run(['-s', 'list', 'table', ...TABLE.split(' ')], '');
  }

  counters(): string {
    return this.#run(['list', 'counters', 'table', ...TABLE.split(' ')], '');
  }

  /**
   * How the kernel would list this text: loaded into a network namespace that exists only for that. The live table can
   * then be compared with it letter by letter, whatever spelling this version of `nft` prefers.
   */
  canonical(text: string): string {
    const unshare = findProgram('unshare');
    if (unshare === undefined)
      throw new NftError('the program `unshare` (package util-linux) is not installed');
    const script = '"$0" -f - && exec "$0" -s list table $1';
    return finished(unshare, ['--net', '/bin/sh', '-c', script, this.path, TABLE], text);
  }

  /** A text that brings back what is there now. */
  snapshot(): string {
    return `${REMOVE_TABLE}${this.listing() ?? ''}`;
  }

  #run(args: readonly string[], input: string): string {
    return finished(this.path, args, input);
  }
}

function finished(program: string, args: readonly string[], input: string): string {
  const done = spawnSync(program, args, {
    input,
    encoding: 'utf8',
    env: ENVIRONMENT,
    timeout: TIMEOUT_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  if (done.error !== undefined) throw new NftError(`${program}: ${done.error.message}`);
  if (done.status === 0) return done.stdout;
  throw new NftError(`${program}: ${done.stderr.trim() || `ended with status ${done.status}`}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
