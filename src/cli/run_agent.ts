import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCaFiles } from '../clients/ca_files.ts';
import { removeWhenGone } from '../clients/left_behind.ts';
import { relayFor } from '../clients/netns_relay.ts';
import { type Environment, processEnvironment } from '../config/environment.ts';
import { credentialOf } from './client_env_credential.ts';
import { caTexts, runningEndpoints, variablesOf } from './client_env_settings.ts';
import type { Endpoints } from './endpoints.ts';
import { CliError, EXIT } from './exit.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';
import { type Confined, confine } from './run_agent_netns.ts';

const COMMAND_NOT_FOUND = 127;
const COMMAND_NOT_RUNNABLE = 126;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** `clawgress run -- <command>`: the command with an agent's variables. Returns the command's exit code. */
export async function runAgent(command: readonly string[], flags: Flags): Promise<number> {
  if (command.length === 0) {
    const next = 'clawgress run --agent demo-agent -- curl http://…';
    throw new CliError(EXIT.usage, 'no command was given', next);
  }
  const layout = layoutFor(settingsFor(flags));
  const running = await runningEndpoints(layout);
  const inherited = processEnvironment();
  const confined = flags['intercept'] === true ? confine(running, inherited) : undefined;
  const endpoints = confined?.endpoints ?? running;
  const credential = credentialOf(flags, inherited, layout);
  const texts = caTexts(layout, endpoints, inherited);
  const dir = mkdtempSync(join(tmpdir(), 'clawgress-run-'));
  if (confined !== undefined) removeWhenGone(dir);
  try {
    const ca = texts.own.length === 0 ? undefined : writeCaFiles(dir, texts, caMode(dir, confined));
    const variables = variablesOf({ layout, endpoints, credential, ca, inherited, flags });
    return await execute(command, { ...inherited, ...variables, ...demoVariables(endpoints) }, confined);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Certificates are no secret: where root confines a command that becomes somebody else inside, that one reads them. */
function caMode(dir: string, confined: Confined | undefined): number {
  if (confined === undefined || process.geteuid?.() !== 0) return 0o600;
  chmodSync(dir, 0o755);
  return 0o644;
}

function demoVariables({ demo }: Endpoints): Environment {
  if (demo === undefined) return {};
  return { DEMO_UPSTREAM: demo.upstream_http, DEMO_UPSTREAM_HTTPS: demo.upstream_https };
}

function execute(command: readonly string[], env: Environment, confined?: Confined): Promise<number> {
  const [program = '', ...args] = confined?.start(command) ?? command;
  return new Promise((resolve) => {
    // Before the child exists: a signal in between would leave it, and the files, behind.
    let forward: (signal: NodeJS.Signals) => void = () => {};
    const listener = (signal: NodeJS.Signals) => forward(signal);
    for (const signal of FORWARDED) process.on(signal, listener);
    const stdio = [
      'inherit',
      'inherit',
      'inherit',
      ...(confined === undefined ? [] : ['ipc' as const]),
    ] as const;
    const child = spawn(program, args, { stdio: [...stdio], env: { ...env } });
    const end = attended(child, confined);
    const done = (code: number) => {
      for (const signal of FORWARDED) process.off(signal, listener);
      resolve(end(code));
    };
    forward = (signal) => void child.kill(signal);
    child.once('error', (error: NodeJS.ErrnoException) => {
      const found = error.code !== 'ENOENT';
      process.stderr.write(`clawgress run: ${program}: ${found ? error.message : 'command not found'}\n`);
      done(found ? COMMAND_NOT_RUNNABLE : COMMAND_NOT_FOUND);
    });
    child.once('exit', (code, signal) => done(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0)));
  });
}

/** Serves what a confined command may reach. The result takes the exit code and says which one to pass on. */
function attended(child: ChildProcess, confined: Confined | undefined): (code: number) => number {
  if (confined === undefined) return (code) => code;
  const relay = relayFor(child, confined.places);
  return (code) => {
    relay.close();
    if (relay.isComplete() || code > 128) return code;
    process.stderr.write('clawgress run: the namespace could not be prepared; the command was not started\n');
    return EXIT.unavailable;
  };
}
