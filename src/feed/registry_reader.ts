import { REGISTRY_BYTES_MAX, REGISTRY_SCHEMA } from '../core/identity/agent.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { readBounded, stampOf } from './files.ts';
import type { FeedOptions, LiveRegistry, RegistryMistake } from './ports.ts';
import type { Compiled, Reader, Refused } from './source.ts';

const LINES_MAX = 20;
/** No registry yet: nobody is known, and the first `agent add` is picked up like any change. */
const EMPTY = new TextEncoder().encode(JSON.stringify({ schema: REGISTRY_SCHEMA, agents: [] }));

/** Agents and key digests. */
export class RegistryReader implements Reader<LiveRegistry> {
  readonly file: string;
  private readonly compile: FeedOptions['compileRegistry'];

  constructor(file: string, compile: FeedOptions['compileRegistry']) {
    this.file = file;
    this.compile = compile;
  }

  stamp(): Promise<string> {
    return stampOf(this.file);
  }

  async read(live: boolean): Promise<Result<Compiled<LiveRegistry>, Refused>> {
    const isMissing = !live && (await stampOf(this.file)) === 'missing';
    const bytes = isMissing ? ok(EMPTY) : await readBounded(this.file, REGISTRY_BYTES_MAX);
    if (!bytes.ok) return fail({ problems: [bytes.problem] });
    const result = this.compile(bytes.value);
    if (!result.ok)
      return fail({ problems: result.problem.slice(0, LINES_MAX).map((one) => this.line(one)) });
    const value = result.value;
    return ok({ value, digest: value.registry_hash, canonical: value.canonical });
  }

  private line(one: RegistryMistake): string {
    return `${this.file}#${one.pointer}: ${one.message}; allowed: ${one.allowed}`;
  }
}
