import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import { NETNS_TOOLS, type NetnsMode, netnsTrial, SYSTEM_FOLDERS } from './netns_plan.ts';
import { explainRefusal } from './netns_refusal.ts';

const UNSHARE = 'unshare';
const TRIAL_MS = 10_000;

/** The way in which this user can make a network namespace here. Tries it; nothing stays. `path`: of the environment. */
export function tryNetns(
  path: string,
  uid: number,
): Result<NetnsMode, { readonly problem: string; readonly next: string }> {
  const missing = NETNS_TOOLS.filter((tool) => !isProgram(path, tool));
  const modes: readonly NetnsMode[] = uid === 0 ? ['root', 'user_namespace'] : ['user_namespace'];
  let said = '';
  if (process.platform === 'linux' && missing.length === 0) {
    for (const mode of modes) {
      const tried = spawnSync(UNSHARE, netnsTrial(mode), { encoding: 'utf8', timeout: TRIAL_MS });
      if (tried.status === 0) return ok(mode);
      said = tried.stderr || (tried.error?.message ?? '');
    }
  }
  return fail(explainRefusal({ platform: process.platform, missing, said, sysctl }));
}

function isProgram(path: string, name: string): boolean {
  return [...path.split(delimiter), ...SYSTEM_FOLDERS].some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function sysctl(name: string): string | undefined {
  try {
    return readFileSync(join('/proc/sys', ...name.split('.')), 'utf8');
  } catch {
    return undefined;
  }
}
