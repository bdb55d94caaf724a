import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { assemble, type Values } from './assemble.ts';
import { readDocument } from './document.ts';
import type { Environment } from './environment.ts';
import { KEYS, type KeySpec, variableOf } from './keys.ts';
import { ConfigError, type ConfigProblem, shown } from './problem.ts';
import type { Settings } from './settings.ts';

/** What the command line says; keys of `values` are dotted setting keys. */
export interface CommandLine {
  /** `--config`; the file must exist then. */
  readonly config?: string;
  readonly values: ReadonlyMap<string, { readonly flag: string; readonly text: string }>;
}

export const DEFAULT_CONFIG_FILE = 'clawgress.yaml';

/** Variables that are not settings: where the file is, and the credential of `clawgress run`. */
export const OTHER_VARIABLES = ['CLAWGRESS_CONFIG', 'CLAWGRESS_KEY', 'CLAWGRESS_DEBUG'] as const;

/** Kubernetes injects these for a service that is called `clawgress`. */
const SERVICE_LINK = /^CLAWGRESS_(.*_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP)(_.*)?)?)$/;

/**
 * Defaults < file < `CLAWGRESS_*` < flags. Returns frozen settings with absolute paths.
 * Throws ConfigError that names every problem found; nothing is ever ignored.
 */
export function loadSettings(cwd: string, env: Environment, line: CommandLine): Settings {
  const problems: ConfigProblem[] = [];
  const values: Values = new Map();
  const issuers = readFileLayer(cwd, env, line, values, problems);
  readVariables(cwd, env, values, problems);
  readFlags(cwd, line, values, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  const bases = [env['XDG_RUNTIME_DIR'], tmpdir()].filter((base) => base !== undefined && base !== '');
  const settings = assemble(cwd, values, issuers ?? [], bases as string[]);
  if (!settings.ok) throw new ConfigError(settings.problem);
  return settings.value;
}

function readFileLayer(
  cwd: string,
  env: Environment,
  line: CommandLine,
  values: Values,
  problems: ConfigProblem[],
): readonly ReadonlyMap<string, unknown>[] | undefined {
  const asked = line.config ?? env['CLAWGRESS_CONFIG'];
  const file = resolve(cwd, asked ?? DEFAULT_CONFIG_FILE);
  if (!existsSync(file)) {
    if (asked !== undefined) {
      const where = line.config === undefined ? 'CLAWGRESS_CONFIG' : '--config';
      problems.push({
        where,
        key: '',
        found: `no file ${shown(file)}`,
        allowed: 'the path of a clawgress.yaml',
      });
    }
    return undefined;
  }
  const document = readDocument(asked ?? DEFAULT_CONFIG_FILE, readFileSync(file, 'utf8'));
  problems.push(...document.problems);
  for (const [key, value] of document.values) values.set(key, located(specOf(key), value, dirname(file)));
  return document.issuers;
}

function readVariables(cwd: string, env: Environment, values: Values, problems: ConfigProblem[]): void {
  const known = new Map(KEYS.map((spec) => [variableOf(spec.key), spec]));
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('CLAWGRESS_') || text === undefined) continue;
    const spec = known.get(name);
    if (spec !== undefined) acceptText(spec, text, name, cwd, values, problems);
    else if (!isOtherVariable(name)) {
      problems.push({
        where: name,
        key: '',
        found: 'an unknown variable',
        allowed: 'see docs/configuration.md',
      });
    }
  }
}

function isOtherVariable(name: string): boolean {
  return (OTHER_VARIABLES as readonly string[]).includes(name) || SERVICE_LINK.test(name);
}

function readFlags(cwd: string, line: CommandLine, values: Values, problems: ConfigProblem[]): void {
  for (const [key, { flag, text }] of line.values) {
    acceptText(specOf(key), text, flag, cwd, values, problems);
  }
}

function acceptText(
  spec: KeySpec,
  text: string,
  where: string,
  cwd: string,
  values: Values,
  problems: ConfigProblem[],
): void {
  const accepted = spec.kind.accept(spec.kind.fromText(text));
  if (accepted !== undefined) values.set(spec.key, located(spec, accepted, cwd));
  else problems.push({ where, key: spec.key, found: shown(text), allowed: spec.kind.allowed });
}

function located(spec: KeySpec, value: unknown, base: string): unknown {
  return spec.kind.isPath === true && typeof value === 'string' ? resolve(base, value) : value;
}

function specOf(key: string): KeySpec {
  const spec = KEYS.find((entry) => entry.key === key);
  if (spec === undefined) throw new Error(`no setting is called ${key}`);
  return spec;
}
