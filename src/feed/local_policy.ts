import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { PolicySources, SourceText } from '../core/policy_bundle/verify.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { readBounded, stampOf, utf8Of } from './files.ts';
import type { LivePolicy } from './live_policy.ts';
import { LINES_MAX, policyLine } from './policy_line.ts';
import type { FeedOptions } from './ports.ts';
import type { Compiled, Reader, Refused } from './source.ts';

export const POLICY_BYTES_MAX = 8_388_608;
/** Documents beside the entry that are looked at for parents. */
export const PARENTS_MAX = 64;

const DOCUMENT_NAME = /\.(?:ya?ml|json)$/;
/** Cheap and generous: the compiler decides what the document says; this only decides whether to look around. */
const INHERITS = /["']?inherits["']?\s*:/;
const IS_POLICY = /clawgress\/policy\/v1/;

/** A document on this machine, with its parents from the same folder and a shadow document when there is one. */
export class LocalPolicyReader implements Reader<LivePolicy> {
  readonly file: string;
  private readonly options: Pick<FeedOptions, 'settings' | 'compiler' | 'log'>;
  /** The entry names parents, so the folder matters. */
  private inherits = false;

  constructor(options: Pick<FeedOptions, 'settings' | 'compiler' | 'log'>) {
    this.options = options;
    this.file = options.settings.policy.file;
  }

  async stamp(): Promise<string> {
    const { shadow_file } = this.options.settings.policy;
    const files = [this.file, ...(shadow_file === undefined ? [] : [shadow_file])];
    const around = this.inherits ? await this.neighbours() : [];
    const stamps = await Promise.all(
      [...files, ...around].map(async (path) => `${path} ${await stampOf(path)}`),
    );
    return stamps.join('\n');
  }

  async read(): Promise<Result<Compiled<LivePolicy>, Refused>> {
    const sources = await this.sources();
    if (!sources.ok) return fail({ problems: [sources.problem] });
    const result = await this.options.compiler.local(sources.value);
    if (!result.ok) return fail({ problems: result.problem.slice(0, LINES_MAX).map(policyLine) });
    const { policy, warnings } = result.value;
    const { log } = this.options;
    for (const warning of warnings.slice(0, LINES_MAX)) log.warn({ file: this.file }, policyLine(warning));
    const { policy_hash: digest, canonical } = policy;
    return ok({ value: { policy, trust: 'local' }, digest, canonical });
  }

  private async sources(): Promise<Result<PolicySources, string>> {
    const entry = await readText(this.file);
    if (!entry.ok) return entry;
    this.inherits = INHERITS.test(entry.value.text);
    const others = this.inherits ? await this.parents() : ok([]);
    if (!others.ok) return others;
    const { shadow_file } = this.options.settings.policy;
    if (shadow_file === undefined) return ok({ entry: entry.value, others: others.value });
    const shadow = await readText(shadow_file);
    return shadow.ok ? ok({ entry: entry.value, others: others.value, shadow: shadow.value }) : shadow;
  }

  private async parents(): Promise<Result<readonly SourceText[], string>> {
    const paths = await this.neighbours();
    if (paths.length > PARENTS_MAX)
      return fail(`${dirname(this.file)}: ${paths.length} documents; allowed: at most ${PARENTS_MAX}`);
    const texts: SourceText[] = [];
    for (const path of paths) {
      const read = await readText(path);
      // Somebody else's file, or a parent that cannot be read: then the compiler says that it is missing.
      if (read.ok && IS_POLICY.test(read.value.text)) texts.push(read.value);
    }
    return ok(texts);
  }

  /** Other documents of the folder, sorted, so that one folder always reads the same. */
  private async neighbours(): Promise<readonly string[]> {
    const folder = dirname(this.file);
    const { policy, registry_file } = this.options.settings;
    const own = [policy.file, policy.shadow_file, policy.bundle, policy.keys, registry_file];
    const taken = new Set(own.flatMap((path) => (path === undefined ? [] : [resolve(path)])));
    const names = await readdir(folder).catch(() => []);
    return names
      .filter((name) => DOCUMENT_NAME.test(name) && !basename(name).startsWith('.'))
      .map((name) => join(folder, name))
      .filter((path) => !taken.has(resolve(path)))
      .sort();
  }
}

async function readText(file: string): Promise<Result<SourceText, string>> {
  const bytes = await readBounded(file, POLICY_BYTES_MAX);
  if (!bytes.ok) return bytes;
  const text = utf8Of(bytes.value);
  return text === undefined ? fail(`${file}: not UTF-8`) : ok({ file, text });
}
