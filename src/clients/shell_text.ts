import { fail, ok, type Result } from '../core/result.ts';

/** The forms in which variables are printed. */
export const SHELLS = ['sh', 'fish', 'json', 'dotenv'] as const;
export type Shell = (typeof SHELLS)[number];

export type Variables = Readonly<Record<string, string>>;

/** Letters that no shell and no reader of .env files treats in a special way. */
const PLAIN = /^[A-Za-z0-9_./:@%+,=-]+$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Text that gives exactly these values when the shell or program reads it; a problem names the variable. */
export function shellText(shell: Shell, variables: Variables): Result<string, string> {
  const entries = Object.entries(variables);
  const misnamed = entries.find(([name]) => !NAME.test(name));
  if (misnamed !== undefined) return fail(`'${misnamed[0].slice(0, 64)}' is no name of a variable`);
  const broken = entries.find(([, value]) => value.includes('\0'));
  if (broken !== undefined) return fail(`${broken[0]} holds a NUL byte, which no environment can carry`);
  if (shell === 'json') return ok(`${JSON.stringify(variables, null, 2)}\n`);
  if (shell === 'dotenv') return dotenvText(entries);
  const line = shell === 'fish' ? fishLine : posixLine;
  return ok(entries.map(([name, value]) => `${line(name, value)}\n`).join(''));
}

function posixLine(name: string, value: string): string {
  return `export ${name}=${PLAIN.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`}`;
}

/** In fish a backslash escapes itself and the quote, also inside single quotes. */
function fishLine(name: string, value: string): string {
  return `set -gx ${name} '${value.replaceAll(/['\\]/g, (letter) => `\\${letter}`)}'`;
}

/** Readers of .env files agree on single quotes without escapes, and on nothing beyond. */
function dotenvText(entries: readonly (readonly [string, string])[]): Result<string, string> {
  const odd = entries.find(([, value]) => /['\r\n]/.test(value));
  if (odd !== undefined) {
    return fail(`${odd[0]} holds a quote or a line break, which .env files cannot carry: use --shell json`);
  }
  return ok(entries.map(([name, value]) => `${name}=${PLAIN.test(value) ? value : `'${value}'`}\n`).join(''));
}
