import { fail, ok, type Result } from '../core/result.ts';
import {
  firstLine,
  type RunTool,
  type TrustChange,
  type TrustPlace,
  type TrustProblem,
} from './trust_place.ts';

const KEY = 'http.sslCAInfo';
const GLOBAL = ['config', '--global'] as const;

/** The user's own git configuration. A value of somebody else is left alone. */
export function gitPlace(caFile: string, run: RunTool): TrustPlace {
  const current = () => {
    const { code, out } = run('git', [...GLOBAL, '--get', KEY]);
    return code === 0 ? out.replace(/\n$/, '') : undefined;
  };
  const change = (...args: readonly string[]): Result<TrustChange, TrustProblem> => {
    const { code, out } = run('git', [...GLOBAL, ...args]);
    if (code === 0) return ok('changed');
    return fail({
      message: `git config failed: ${firstLine(out)}`,
      next: 'is git installed, and is HOME writable?',
    });
  };
  return {
    where: `git config --global ${KEY}`,
    state() {
      const value = current();
      if (value === undefined) return 'absent';
      return value === caFile ? 'installed' : 'foreign';
    },
    install() {
      const value = current();
      if (value === caFile) return ok('unchanged');
      if (value === undefined) return change(KEY, caFile);
      return fail({
        message: `${KEY} is set to ${value.slice(0, 200)} already`,
        next: `git config --global --unset ${KEY}, or use clawgress run, whose variable wins`,
      });
    },
    remove() {
      return current() === caFile ? change('--unset', KEY) : ok('unchanged');
    },
  };
}
