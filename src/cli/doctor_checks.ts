import type { Environment } from '../config/environment.ts';
import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { locateEnvoy } from '../intercept/envoy_binary.ts';
import { checkClock, checkRollback } from './doctor_clock.ts';
import { checkDescriptors } from './doctor_descriptors.ts';
import { checkDisk } from './doctor_disk.ts';
import { checkKeys, checkPolicy, checkRegistry, checkState } from './doctor_files.ts';
import { checkFirewall } from './doctor_firewall.ts';
import { checkAuthority, checkResolver, checkTransparent } from './doctor_interception.ts';
import { checkDemo, checkEnvoyHealth, checkGateway, checkPorts } from './doctor_processes.ts';
import { runningInstance } from './instance.ts';
import { ENVOY_CACHE_DIR, PACKAGE_VERSION } from './package_root.ts';

/** What one check found. `fix` is a command or a step, present when something can be done. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly fix?: string;
}

export interface Patient {
  readonly settings: Settings;
  readonly layout: Layout;
  readonly env: Environment;
  /** Process id of `up` on this state folder. */
  readonly up?: number;
}

type Check = (patient: Patient) => Finding | Promise<Finding>;

const CHECKS: readonly (readonly [name: string, check: Check])[] = [
  ['node', checkNode],
  ['envoy', checkEnvoyBinary],
  ['state', checkState],
  ['keys', checkKeys],
  ['disk', checkDisk],
  ['descriptors', checkDescriptors],
  ['clock', checkClock],
  ['roll-back', checkRollback],
  ['policy', checkPolicy],
  ['registry', checkRegistry],
  ['authority', checkAuthority],
  ['ports', checkPorts],
  ['transparent', checkTransparent],
  ['resolver', checkResolver],
  ['firewall', checkFirewall],
  ['gateway', checkGateway],
  ['envoy health', checkEnvoyHealth],
  ['demo', checkDemo],
  ['isolation', checkIsolation],
];

/** In order; a check that breaks is a finding, not the end. */
export async function allChecks(patient: Omit<Patient, 'up'>): Promise<Finding[]> {
  const up = runningInstance(patient.layout);
  const whole: Patient = up === undefined ? patient : { ...patient, up };
  const found: Finding[] = [];
  for (const [name, check] of CHECKS) {
    try {
      found.push(await check(whole));
    } catch (error) {
      found.push({
        check: name,
        status: 'fail',
        detail: error instanceof Error ? error.message : String(error),
      });
    }
  }
  return found;
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNew = major > 20 || (major === 20 && minor >= 19);
  return {
    check: 'node',
    status: isNew ? 'ok' : 'fail',
    detail: `Node ${process.versions.node}, Clawgress ${PACKAGE_VERSION}`,
    ...(isNew ? {} : { fix: 'install Node 20.19 or newer' }),
  };
}

async function checkEnvoyBinary({ settings, env }: Patient): Promise<Finding> {
  const bin = settings.envoy.bin ?? env['ENVOY_BIN'];
  const found = await locateEnvoy({
    ...(bin === undefined || bin === '' ? {} : { bin }),
    path: env['PATH'] ?? '',
    cacheDir: ENVOY_CACHE_DIR,
  });
  if (found.ok)
    return { check: 'envoy', status: 'ok', detail: `Envoy ${found.value.version} (${found.value.path})` };
  return {
    check: 'envoy',
    status: 'fail',
    detail: found.problem.message,
    fix: 'npm start, or set ENVOY_BIN',
  };
}

/** A fact about this way of running, not a mistake: `up` runs everything as the calling user. */
function checkIsolation(): Finding {
  return {
    check: 'isolation',
    status: 'warn',
    detail:
      'SAME_UID: an agent that runs as this user can read the keys and go around the proxy; receipts say so',
    fix: 'run the gateway as a user of its own, and let only that user reach the network',
  };
}
