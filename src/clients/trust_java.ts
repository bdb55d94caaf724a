import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import { fingerprintOf } from './ca_files.ts';
import {
  firstLine,
  type RunTool,
  type TrustChange,
  type TrustPlace,
  type TrustProblem,
} from './trust_place.ts';

/** The password of every JDK's own store: it is public and protects nothing. */
const STORE_PASSWORD = 'changeit';
const ALIAS = /^(clawgress-[0-9a-f]{16}),/gm;

export interface JavaStore {
  readonly file: string;
  /** Where to copy from when `file` is ours and does not exist; removed as a whole then. */
  readonly copy_of?: string;
}

/** Path of the JDK's own store, by JAVA_HOME or the `java` on PATH; undefined when there is none. */
export function jdkStore(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const homes = (env['PATH'] ?? '').split(delimiter).map((dir) => join(dir, 'java'));
  const java = homes.find((path) => existsSync(path));
  const candidates = [
    env['JAVA_HOME'],
    java === undefined ? undefined : dirname(dirname(realpathSync(java))),
  ];
  return candidates
    .flatMap((home) => (home === undefined ? [] : [join(home, 'lib', 'security', 'cacerts')]))
    .find((path) => existsSync(path));
}

/** A key store of Java; entries of ours have the alias `clawgress-<fingerprint>`. */
export function javaPlace(own: readonly string[], store: JavaStore, run: RunTool): TrustPlace {
  const wanted = new Map(own.map((pem) => [`clawgress-${(fingerprintOf(pem) ?? '').slice(0, 16)}`, pem]));
  const keytool = (...args: readonly string[]) =>
    run('keytool', [...args, '-keystore', store.file, '-storepass', STORE_PASSWORD]);
  const aliases = (): readonly string[] =>
    existsSync(store.file) ? [...keytool('-list').out.matchAll(ALIAS)].map(([, alias = '']) => alias) : [];
  const drop = (names: readonly string[]) =>
    names.map((alias) => keytool('-delete', '-alias', alias)).find(({ code }) => code !== 0);
  return {
    where: store.file,
    state() {
      const present = aliases();
      if (present.length === 0) return 'absent';
      const complete = [...wanted.keys()].every((alias) => present.includes(alias));
      return complete && present.length === wanted.size ? 'installed' : 'outdated';
    },
    install() {
      if (!existsSync(store.file) && store.copy_of !== undefined) {
        copyFileSync(store.copy_of, store.file);
        chmodSync(store.file, 0o600);
      }
      const present = aliases();
      const missing = [...wanted].filter(([alias]) => !present.includes(alias));
      const stale = present.filter((alias) => !wanted.has(alias));
      if (missing.length === 0 && stale.length === 0) return ok('unchanged');
      const failed = drop(stale) ?? importAll(missing, keytool);
      return failed === undefined ? ok('changed') : refused(failed);
    },
    remove() {
      const present = aliases();
      if (store.copy_of !== undefined) {
        const was = existsSync(store.file);
        rmSync(store.file, { force: true });
        return ok(was ? 'changed' : 'unchanged');
      }
      const failed = drop(present);
      if (failed !== undefined) return refused(failed);
      return ok(present.length === 0 ? 'unchanged' : 'changed');
    },
  };
}

type Keytool = (...args: readonly string[]) => ReturnType<RunTool>;

function importAll(missing: readonly (readonly [string, string])[], keytool: Keytool) {
  const dir = mkdtempSync(join(tmpdir(), 'clawgress-java-'));
  try {
    for (const [alias, pem] of missing) {
      const file = join(dir, `${alias}.pem`);
      writeFileSync(file, `${pem}\n`, { mode: 0o600 });
      const answer = keytool('-importcert', '-noprompt', '-alias', alias, '-file', file);
      if (answer.code !== 0) return answer;
    }
    return undefined;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function refused({ out }: { readonly out: string }): Result<TrustChange, TrustProblem> {
  return fail({
    message: `keytool failed: ${firstLine(out)}`,
    next: 'is a JDK installed, is the store writable, and is its password the default?',
  });
}
