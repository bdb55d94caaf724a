import { existsSync } from 'node:fs';
import { bundleProblemText } from '../core/policy_bundle/problems.ts';
import { Versions } from '../feed/versions.ts';
import type { Finding, Patient } from './doctor_checks.ts';
import { versionStore } from './policy_feed.ts';
import { readBytes } from './policy_input.ts';
import { openBundle } from './policy_verify.ts';
import { modeOf } from './state.ts';

const DAY_MS = 86_400_000;
const DAYS_WARN = 3;
const OTHERS_WRITE = 0o022;

/** The bundle on disk, judged as the gateway does: with the versions that were accepted before. */
export function checkSignedPolicy({ settings, layout }: Patient): Finding {
  const { bundle, keys } = settings.policy;
  const missing = [bundle, keys].find((path) => !existsSync(path));
  if (missing !== undefined)
    return finding('fail', `${missing} does not exist`, 'clawgress policy keygen, sign and publish');
  if (((modeOf(keys) ?? 0) & OTHERS_WRITE) !== 0)
    return finding(
      'fail',
      `${keys} can be written by other users: they decide who signs policy`,
      `chmod go-w ${keys}`,
    );
  const quiet = { info: ignore, warn: ignore, error: ignore };
  const accepted = new Versions(versionStore(layout, undefined), quiet).accepted();
  const opened = openBundle(readBytes(bundle), keys, Date.now(), accepted);
  const problem = opened.ok ? opened.value.lapse : opened.problem;
  if (!opened.ok || problem !== undefined) {
    const why = problem === undefined ? 'refused' : bundleProblemText(problem);
    return finding('fail', `${bundle}: ${why}`, 'clawgress policy sign, then clawgress policy publish');
  }
  const { body, valid_until_ms } = opened.value;
  const detail = `${body.policy_id} version ${body.version}, signed, valid until ${body.valid_until}`;
  if (valid_until_ms - Date.now() > DAYS_WARN * DAY_MS) return { check: 'policy', status: 'ok', detail };
  return finding('warn', detail, 'publish a newer bundle before this one expires');
}

function finding(status: 'warn' | 'fail', detail: string, fix: string): Finding {
  return { check: 'policy', status, detail, fix };
}

const ignore = (): void => undefined;
