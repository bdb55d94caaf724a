import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { openKeyring } from '../keys/keyring.ts';
import { compareHead } from '../recorder/heads.ts';
import { HeadsFile } from '../recorder/heads_file.ts';
import type { Finding, Patient } from './doctor_checks.ts';
import { askGateway } from './gateway_client.ts';
import { newestFirst } from './journal_reader.ts';

const CLOCK_TOLERANCE_MS = 5_000;
/** Before this build existed: the clock was never set. */
const CLOCK_EARLIEST = Date.parse('2025-01-01T00:00:00Z');

interface Status {
  readonly recorder?: { readonly clock_held_back_ms?: number };
}

/** The wall clock by itself, and whether the ledger clock believes it. */
export async function checkClock({ layout }: Patient): Promise<Finding> {
  const now = Date.now();
  const said = new Date(now).toISOString();
  if (now < CLOCK_EARLIEST)
    return {
      check: 'clock',
      status: 'fail',
      detail: `it says ${said}`,
      fix: 'set the clock (timedatectl set-ntp true)',
    };
  const [newest] = newestFirst(layout.journal_dir);
  const status = (await askGateway(layout.gateway_socket, 'GET', '/status')) as Status | undefined;
  const held_ms =
    status === undefined ? heldAtLast(newest?.record) : (status.recorder?.clock_held_back_ms ?? 0);
  if (held_ms > CLOCK_TOLERANCE_MS) return heldBack(said, held_ms);
  const ahead = newest === undefined ? 0 : Date.parse(newest.record.ts) - now;
  if (ahead <= CLOCK_TOLERANCE_MS) return { check: 'clock', status: 'ok', detail: said };
  return {
    check: 'clock',
    status: 'warn',
    detail: `the newest record is ${Math.round(ahead / 1000)} s in the future: the clock was set back`,
    fix: 'check time synchronisation; limits wait until the clock has caught up',
  };
}

/** How far the ledger was behind the wall clock when the newest record was written. */
function heldAtLast(record: { readonly ts: string; readonly ledger_ms: number } | undefined): number {
  return record === undefined ? 0 : Date.parse(record.ts) - record.ledger_ms;
}

function heldBack(said: string, held_ms: number): Finding {
  return {
    check: 'clock',
    status: 'warn',
    detail: `it says ${said}, and the ledger clock is held ${Math.round(held_ms / 1000)} s behind: limits refill as if that time had not passed`,
    fix: 'when the clock is right: clawgress recorder clock-accept',
  };
}

/** Whether a state folder restored from an older copy would be noticed. */
export function checkRollback({ settings, layout }: Patient): Finding {
  const found = (status: Finding['status'], detail: string, fix?: string): Finding => ({
    check: 'roll-back',
    status,
    detail,
    ...(fix === undefined ? {} : { fix }),
  });
  if (existsSync(layout.reported_head))
    return found(
      'fail',
      'a gateway knows records that the journal lacks',
      'clawgress recorder restore-accept',
    );
  const file = settings.recorder.heads_file;
  if (file === undefined)
    return found(
      'warn',
      'no heads file: a state folder restored as a whole from an older copy would not be noticed',
      'set recorder.heads_file to a path on other storage',
    );
  if (!existsSync(dirname(file)))
    return found('fail', `the folder of the heads file ${file} is not there`, 'mount that storage');
  if (!existsSync(file)) return found('warn', `${file} is not there yet; the next checkpoint creates it`);
  const problem = behind(file, layout);
  if (problem !== undefined)
    return found('fail', problem, 'clawgress recorder restore-accept shows what is lost');
  return found('ok', `the newest checkpoint is kept in ${file}`);
}

/** Of a folder at rest: what the file knows and the journal lacks. */
function behind(file: string, layout: Patient['layout']): string | undefined {
  if (!existsSync(layout.keys_dir)) return undefined;
  const quiet = { info: () => {}, warn: () => {}, error: () => {} };
  // The file first: a running recorder may add records meanwhile, and only those.
  const heads = new HeadsFile(file, openKeyring(layout.keys_dir).log, quiet).heads();
  const [newest] = newestFirst(layout.journal_dir);
  const held = {
    ...(newest === undefined ? {} : { log_id: newest.record.log_id }),
    records: newest === undefined ? 0 : newest.record.seq + 1,
    lineHashAt: () => undefined,
    rootAt: () => undefined,
  };
  return heads.map((head) => compareHead(held, head)).find((text) => text !== undefined);
}
