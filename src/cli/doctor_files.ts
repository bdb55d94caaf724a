import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readRegistryFile } from '../authn/registry_file.ts';
import type { Finding, Patient } from './doctor_checks.ts';
import { checkSignedPolicy } from './doctor_policy.ts';
import { loadPolicy, PROCESS_IO } from './policy_files.ts';

export function checkState({ layout }: Patient): Finding {
  const dir = layout.state_dir;
  if (!existsSync(dir)) {
    return {
      check: 'state',
      status: 'warn',
      detail: `${dir} does not exist yet`,
      fix: 'clawgress up creates it',
    };
  }
  const found = statSync(dir);
  const uid = process.getuid?.();
  if (uid !== undefined && found.uid !== uid) {
    return {
      check: 'state',
      // Root is most likely not who runs the gateway; a new owner would lock that user out.
      status: uid === 0 ? 'warn' : 'fail',
      detail: `${dir} belongs to uid ${found.uid}, this is uid ${uid}`,
      fix: `run this as that user: sudo -u '#${found.uid}' clawgress doctor`,
    };
  }
  if ((found.mode & 0o077) !== 0) {
    return {
      check: 'state',
      status: 'fail',
      detail: `${dir} has mode 0${(found.mode & 0o777).toString(8)}`,
      fix: `chmod 700 ${dir}`,
    };
  }
  return { check: 'state', status: 'ok', detail: dir };
}

export function checkKeys({ layout }: Patient): Finding {
  const dir = layout.keys_dir;
  if (!existsSync(dir))
    return { check: 'keys', status: 'warn', detail: 'no keys yet', fix: 'clawgress up creates them' };
  const wide = [dir, ...readdirSync(dir).map((name) => join(dir, name))].filter(
    (path) => (statSync(path).mode & 0o077) !== 0,
  );
  if (wide.length > 0) {
    return {
      check: 'keys',
      status: 'fail',
      detail: `others can read ${wide.join(', ')}`,
      fix: `chmod 700 ${dir} && chmod 600 ${dir}/*; treat the keys as known to others`,
    };
  }
  return { check: 'keys', status: 'ok', detail: `${readdirSync(dir).length} files, only for this user` };
}

export function checkPolicy(patient: Patient): Finding {
  const { file, trust } = patient.settings.policy;
  if (trust === 'signed') return checkSignedPolicy(patient);
  if (!existsSync(file))
    return {
      check: 'policy',
      status: 'warn',
      detail: `${file} does not exist yet`,
      fix: 'clawgress up writes a starter policy',
    };
  const compiled = loadPolicy({ file }, PROCESS_IO);
  if (compiled === undefined)
    return { check: 'policy', status: 'fail', detail: `${file} cannot be read`, fix: `ls -l ${file}` };
  if (!compiled.ok) {
    const [first] = compiled.problem;
    const place = first === undefined ? file : `${file}:${first.line}:${first.column}: ${first.message}`;
    return {
      check: 'policy',
      status: 'fail',
      detail: `${place} (${compiled.problem.length} in all)`,
      fix: `clawgress policy lint ${file}`,
    };
  }
  const { policy, warnings } = compiled.value;
  if (warnings.length > 0) {
    return {
      check: 'policy',
      status: 'warn',
      detail: `${policy.policy_id}: ${warnings.length} warnings`,
      fix: `clawgress policy lint ${file}`,
    };
  }
  return { check: 'policy', status: 'ok', detail: `${policy.policy_id}  ${policy.policy_hash}` };
}

export function checkRegistry({ settings }: Patient): Finding {
  const { agents } = readRegistryFile(settings.registry_file);
  if (agents.length === 0) {
    return {
      check: 'registry',
      status: 'warn',
      detail: 'no agents: every request is refused',
      fix: 'clawgress agent add <id> --team … --project … --environment …',
    };
  }
  const active = agents.filter((agent) => agent.status === 'active').length;
  return { check: 'registry', status: 'ok', detail: `${agents.length} agents, ${active} active` };
}
