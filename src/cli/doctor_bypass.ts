import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { type BypassReport, controlledBy, countsOf, REPORT_FORMAT } from '../bypass/report.ts';
import { runProbes } from '../bypass/run_probes.ts';
import { readReport } from './doctor_bypass_file.ts';
import { bypassText } from './doctor_bypass_text.ts';
import { bypassWorld } from './doctor_bypass_world.ts';
import { CliError, EXIT } from './exit.ts';
import type { Flags } from './options.ts';

/** A control run shows what the network lets through; an old one shows what it once let through. */
const CONTROL_AGE_MAX_MS = 24 * 3_600_000;

/** `doctor --bypass`: 1 when anything leaked. What was not tested is no reason, and is said loudly. */
export async function doctorBypass(flags: Flags): Promise<number> {
  const nonce = nonceOf(flags);
  const control = controlOf(flags, nonce);
  const world = bypassWorld(flags, nonce, control === undefined ? new Set() : controlledBy(control));
  const started_ts = new Date().toISOString();
  if (process.stderr.isTTY) process.stderr.write('trying to get around the gateway, a few seconds ...\n');
  const findings = await runProbes(world);
  const report: BypassReport = {
    format: REPORT_FORMAT,
    nonce,
    started_ts,
    finished_ts: new Date().toISOString(),
    uid: world.uid,
    ...(control === undefined ? {} : { control_nonce: control.nonce }),
    counts: countsOf(findings),
    findings,
  };
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (typeof flags['output'] === 'string') writeFileSync(flags['output'], json);
  process.stdout.write(flags['json'] === true ? json : bypassText(report));
  return report.counts.leaked > 0 ? EXIT.no : EXIT.ok;
}

function nonceOf(flags: Flags): string {
  const { nonce } = flags;
  if (nonce === undefined) return randomBytes(16).toString('hex');
  if (typeof nonce === 'string' && /^[0-9a-f]{32}$/.test(nonce)) return nonce;
  throw new CliError(EXIT.usage, `--nonce: found '${String(nonce)}'; allowed: 32 hex digits`);
}

function controlOf(flags: Flags, nonce: string): BypassReport | undefined {
  const path = flags['control'];
  if (typeof path !== 'string') return undefined;
  const control = readReport(path, '--control');
  const age_ms = Date.now() - Date.parse(control.finished_ts);
  if (control.nonce !== nonce && age_ms < CONTROL_AGE_MAX_MS) return control;
  throw new CliError(
    EXIT.usage,
    `--control: ${path} is ${control.nonce === nonce ? 'this very run' : 'older than a day'}; allowed: another run, at most a day old`,
    'run the same command in a place without restrictions, with -o control.json',
  );
}
