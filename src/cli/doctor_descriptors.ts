import { readdirSync, readFileSync } from 'node:fs';
import { DOWNSTREAM_CONNECTIONS_MAX } from '../intercept/config/bootstrap.ts';
import type { Finding, Patient } from './doctor_checks.ts';

/** Each connection of a client may need one to a destination. */
export const DESCRIPTORS_WANTED = 2 * DOWNSTREAM_CONNECTIONS_MAX;

interface Holder {
  readonly pid: number;
  readonly name: string;
  readonly files: number;
}

/** Envoy dies when it runs out of file descriptors, and with it every stream. Asks the processes, or what they would get. */
export function checkDescriptors({ up }: Patient): Finding {
  if (process.platform !== 'linux')
    return { check: 'descriptors', status: 'ok', detail: 'known on Linux only' };
  return descriptorFinding(up === undefined ? [] : childrenOf(up), limitOf('self'));
}

/** `own`: what a process that this one starts may open. */
export function descriptorFinding(holders: readonly Holder[], own: number): Finding {
  const least = holders.reduce<Holder | undefined>(
    (found, one) => (found !== undefined && found.files <= one.files ? found : one),
    undefined,
  );
  const files = least?.files ?? own;
  const who = least === undefined ? 'a process started here' : `${least.name} (process ${least.pid})`;
  const detail = `${who} may open ${Number.isFinite(files) ? files : 'any number of'} files`;
  if (files >= DESCRIPTORS_WANTED) return { check: 'descriptors', status: 'ok', detail };
  return {
    check: 'descriptors',
    status: 'warn',
    detail: `${detail}, ${DOWNSTREAM_CONNECTIONS_MAX} connections need ${DESCRIPTORS_WANTED}; Envoy dies when it runs out`,
    fix: `ulimit -n ${DESCRIPTORS_WANTED} before clawgress up (as a service: LimitNOFILE=${DESCRIPTORS_WANTED})`,
  };
}

/** Soft limit of open files in `/proc/<pid>/limits`; infinite when there is none. Throws when it is not told. */
export function openFilesLimit(limits: string): number {
  const soft = /^Max open files +(\d+|unlimited) /m.exec(limits)?.[1];
  if (soft === undefined) throw new Error('the limit of open files is not told');
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

function limitOf(pid: number | 'self'): number {
  return openFilesLimit(readFileSync(`/proc/${pid}/limits`, 'utf8'));
}

function childrenOf(parent: number): Holder[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        const from = stat.lastIndexOf(')');
        const isChild = Number(stat.slice(from + 2).split(' ')[1]) === parent;
        if (!isChild) return [];
        return [{ pid, name: stat.slice(stat.indexOf('(') + 1, from), files: limitOf(pid) }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}
