import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonWithClients } from '../../support/python_clients.ts';

export const CLI = fileURLToPath(new URL('../../../bin/clawgress', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A home of its own: neither the user's settings nor this machine's CA variables take part. */
export interface Home {
  readonly dir: string;
  /** Why Python runs without requests and httpx; undefined: it has them. */
  readonly withoutPython: string | undefined;
  env(more?: Readonly<Record<string, string>>): Record<string, string>;
  run(program: string, args: readonly string[], options?: RunOptions): Promise<Ran>;
  remove(): void;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

export function newHome(): Home {
  const dir = mkdtempSync(join(tmpdir(), 'cg-home-'));
  const python = pythonWithClients();
  const path = process.env['PATH'] ?? '';
  const withPython = 'python' in python ? `${dirname(python.python)}${delimiter}${path}` : path;
  const env = (more: Readonly<Record<string, string>> = {}) => ({
    PATH: withPython,
    HOME: dir,
    LANG: 'C.UTF-8',
    // Shims of tool managers look for their tools below HOME.
    ...kept(['CARGO_HOME', 'RUSTUP_HOME', 'PYENV_ROOT', 'JAVA_HOME', 'GOROOT']),
    ...rustHome(),
    ...more,
  });
  return {
    dir,
    withoutPython: 'missing' in python ? python.missing : undefined,
    env,
    run: (program, args, options = {}) => runToEnd(program, args, dir, env(options.env), options.stdin),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function kept(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function rustHome(): Record<string, string> {
  const home = process.env['HOME'];
  return process.env['RUSTUP_HOME'] || home === undefined ? {} : { RUSTUP_HOME: join(home, '.rustup') };
}

function runToEnd(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
  stdin: string | undefined,
): Promise<Ran> {
  const child = spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.on('error', () => {});
  child.stdin.end(stdin ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}
