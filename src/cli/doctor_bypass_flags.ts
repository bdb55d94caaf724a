import type { Command } from 'commander';
import { examplesOf } from './action.ts';
import { CliError, EXIT } from './exit.ts';
import type { Flags } from './options.ts';

/** Adds what `doctor` needs to try to get around the gateway. */
export function withBypass(doctor: Command): Command {
  doctor
    .option('--bypass', "in an agent's environment: try to get around the gateway; 1 when anything leaked")
    .option('--target <places>', 'outside addresses to try, address:port,… (default: 192.0.2.1:443)')
    .option('--dns-target <place>', 'foreign resolver to try (default: port 53 of the first target)')
    .option('--dns-zone <zone>', 'zone that the target serves, for DNS tunnelling')
    .option('--proxy <url>', 'the proxy with credentials (default: HTTPS_PROXY, HTTP_PROXY)')
    .option('--base-url <place>', 'address:port of the base URL listener (default: the proxy address, 8088)')
    .option('--allowed <place>', 'name:port of a tunnel that policy allows this agent')
    .option('--allowed-http <place>', 'name:port of a plain request that policy allows this agent')
    .option('--control <file>', 'report of the same run from an unrestricted place')
    .option('--nonce <hex>', '32 hex digits that name this run (default: random)')
    .option('-o, --output <file>', 'write the report here')
    .option('--bypass-target', 'the other side: answer the probes and log who arrived, until Ctrl-C')
    .option('--listen <places>', 'where the target listens (default: 0.0.0.0:443,0.0.0.0:53)')
    .option('--bypass-record <file>', "on the gateway's side: sign a report into the journal")
    .option('--arrivals <file>', 'log of the target; what arrived has leaked');
  return examplesOf(doctor, [
    'clawgress doctor --suggest-fixes',
    'clawgress doctor --json',
    'clawgress doctor --bypass',
    'clawgress doctor --bypass --target 203.0.113.9:443,203.0.113.9:8443 --control control.json -o report.json',
    'clawgress doctor --bypass-target --listen 0.0.0.0:443,0.0.0.0:53 > arrivals.jsonl',
    'clawgress doctor --bypass-record report.json --arrivals arrivals.jsonl',
  ]);
}

const MODES = ['bypass', 'bypassTarget', 'bypassRecord'] as const;
/** Which flags mean something in which mode. */
const OWN: Readonly<Record<(typeof MODES)[number], readonly string[]>> = {
  bypass: [
    ...['target', 'dnsTarget', 'dnsZone', 'proxy', 'baseUrl', 'allowed', 'allowedHttp'],
    ...['control', 'nonce', 'output'],
  ],
  bypassTarget: ['listen'],
  bypassRecord: ['arrivals'],
};

/** Runs what the flags ask for; undefined: the ordinary doctor is meant. Throws on flags that do not go together. */
export function bypassCommand(flags: Flags): (() => Promise<number>) | undefined {
  const modes = MODES.filter((mode) => flags[mode] !== undefined);
  const [mode] = modes;
  const stray = Object.values(OWN)
    .flat()
    .find((name) => flags[name] !== undefined && (mode === undefined || !OWN[mode].includes(name)));
  if (modes.length > 1 || stray !== undefined) {
    const what = stray === undefined ? 'two modes at once' : `--${dashed(stray)} without its mode`;
    throw new CliError(
      EXIT.usage,
      `found ${what}; allowed: one of --bypass, --bypass-target, --bypass-record <file>, each with its own flags`,
      'clawgress doctor --help',
    );
  }
  if (mode === undefined) return undefined;
  return RUN[mode](flags);
}

const RUN: Readonly<Record<(typeof MODES)[number], (flags: Flags) => () => Promise<number>>> = {
  bypass: (flags) => async () => (await import('./doctor_bypass.ts')).doctorBypass(flags),
  bypassTarget: (flags) => async () => (await import('./doctor_bypass_target.ts')).bypassTarget(flags),
  bypassRecord: (flags) => async () => (await import('./doctor_bypass_record.ts')).bypassRecord(flags),
};

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
