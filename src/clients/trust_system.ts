import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import { fingerprintOf, writeWhole } from './ca_files.ts';
import {
  firstLine,
  type RunTool,
  type TrustChange,
  type TrustPlace,
  type TrustProblem,
} from './trust_place.ts';

export interface SystemStore {
  /** Folder of local anchors, one certificate per file. */
  readonly anchors_dir: string;
  /** The program that rebuilds the store, and its arguments. */
  readonly update: readonly [program: string, ...args: string[]];
}

/** Debian and Ubuntu. Without `--fresh` links to a certificate that was taken away would stay. */
export const DEBIAN_STORE: SystemStore = {
  anchors_dir: '/usr/local/share/ca-certificates',
  update: ['update-ca-certificates', '--fresh'],
};

const OURS = /^clawgress-[0-9a-f]{16}\.crt$/;

/** `update-ca-certificates` wants one certificate per file. */
export function systemPlace(own: readonly string[], store: SystemStore, run: RunTool): TrustPlace {
  const { anchors_dir } = store;
  const wanted = new Map(
    own.map((pem) => [`clawgress-${(fingerprintOf(pem) ?? '').slice(0, 16)}.crt`, `${pem}\n`]),
  );
  const present = () =>
    existsSync(anchors_dir) ? readdirSync(anchors_dir).filter((name) => OURS.test(name)) : [];
  const missing = () =>
    [...wanted].filter(([name, pem]) => {
      const path = join(anchors_dir, name);
      return !existsSync(path) || readFileSync(path, 'utf8') !== pem;
    });
  const stale = () => present().filter((name) => !wanted.has(name));
  return {
    where: join(anchors_dir, 'clawgress-*.crt'),
    state() {
      if (missing().length === 0 && stale().length === 0) return 'installed';
      return present().length === 0 ? 'absent' : 'outdated';
    },
    install() {
      const added = missing();
      const old = stale();
      if (added.length === 0 && old.length === 0) return ok('unchanged');
      if (!existsSync(anchors_dir)) return fail(noStore(anchors_dir));
      return guarded(() => {
        for (const [name, pem] of added) writeWhole(join(anchors_dir, name), pem, 0o644);
        for (const name of old) rmSync(join(anchors_dir, name));
        const done = rebuild(store, run);
        // Half an installation would come to life with the next update of the system.
        if (!done.ok) for (const [name] of added) rmSync(join(anchors_dir, name), { force: true });
        return done;
      });
    },
    remove() {
      const names = present();
      if (names.length === 0) return ok('unchanged');
      return guarded(() => {
        for (const name of names) rmSync(join(anchors_dir, name));
        return rebuild(store, run);
      });
    },
  };
}

function rebuild(
  { update: [program, ...args] }: SystemStore,
  run: RunTool,
): Result<TrustChange, TrustProblem> {
  const { code, out } = run(program, args);
  if (code === 0) return ok('changed');
  return fail({
    message: `${program} failed: ${firstLine(out)}`,
    next: 'run it as root and read what it prints',
  });
}

function guarded(work: () => Result<TrustChange, TrustProblem>): Result<TrustChange, TrustProblem> {
  try {
    return work();
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw error;
    return fail({ message: `${path}: may not be written`, next: 'run the command as root' });
  }
}

function noStore(dir: string): TrustProblem {
  return {
    message: `${dir} does not exist: this is no Debian or Ubuntu, or ca-certificates is not installed`,
    next: 'apt-get install ca-certificates; elsewhere hand the CA of `clawgress env --ca-dir DIR` to the system’s own tool',
  };
}
