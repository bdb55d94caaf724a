import type { CompiledPolicy, PolicyProblem } from '../core/policy/compiled.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { FeedLog, FeedOptions, LiveRegistry, RegistryMistake } from './ports.ts';
import type { Compiled } from './source.ts';

const LINES_MAX = 20;

export type Compile<T> = (bytes: Uint8Array) => Result<Compiled<T>, readonly string[]>;

/** The injected compiler, with problems turned into lines and warnings into the log. */
export function policyCompiler(
  file: string,
  compile: FeedOptions['compile'],
  log: FeedLog,
): Compile<CompiledPolicy> {
  return (bytes) => {
    const text = textOf(bytes);
    if (text === undefined) return fail([`${file}: not UTF-8`]);
    const result = compile({ file, text });
    if (!result.ok) return fail(result.problem.slice(0, LINES_MAX).map(policyLine));
    const { policy: value, warnings } = result.value;
    for (const warning of warnings.slice(0, LINES_MAX)) log.warn({ file }, policyLine(warning));
    return ok({ value, digest: value.policy_hash, canonical: value.canonical });
  };
}

export function registryCompiler(
  file: string,
  compile: FeedOptions['compileRegistry'],
): Compile<LiveRegistry> {
  return (bytes) => {
    const result = compile(bytes);
    if (!result.ok) return fail(result.problem.slice(0, LINES_MAX).map((one) => registryLine(file, one)));
    const value = result.value;
    return ok({ value, digest: value.registry_hash, canonical: value.canonical });
  };
}

function policyLine(one: PolicyProblem): string {
  return `${one.file}:${one.line}:${one.column} ${one.code} at ${one.pointer || '/'}: ${one.message}; ${one.hint}`;
}

function registryLine(file: string, one: RegistryMistake): string {
  return `${file}#${one.pointer}: ${one.message}; allowed: ${one.allowed}`;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
