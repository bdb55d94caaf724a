import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCaFiles } from '../clients/ca_files.ts';
import { type Environment, processEnvironment } from '../config/environment.ts';
import { credentialOf } from './client_env_credential.ts';
import { caTexts, runningEndpoints, variablesOf } from './client_env_settings.ts';
import type { Endpoints } from './endpoints.ts';
import { CliError, EXIT } from './exit.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';

const COMMAND_NOT_FOUND = 127;
const COMMAND_NOT_RUNNABLE = 126;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** `clawgress run -- <command>`: the command with an agent's variables. Returns the command's exit code. */
export async function runAgent(command: readonly string[], flags: Flags): Promise<number> {
  const [program, ...args] = command;
  if (program === undefined) {
    const next = 'clawgress run --agent demo-agent -- curl http://…';
    throw new CliError(EXIT.usage, 'no command was given', next);
  }
  const layout = layoutFor(settingsFor(flags));
  const endpoints = await runningEndpoints(layout);
  const inherited = processEnvironment();
  const credential = credentialOf(flags, inherited, layout);
  const texts = caTexts(layout, endpoints, inherited);
  const dir = mkdtempSync(join(tmpdir(), 'clawgress-run-'));
  try {
    const ca = texts.own.length === 0 ? undefined : writeCaFiles(dir, texts, 0o600);
    const variables = variablesOf({ layout, endpoints, credential, ca, inherited, flags });
    return await execute(program, args, { ...inherited, ...variables, ...demoVariables(endpoints) });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function demoVariables({ demo }: Endpoints): Environment {
  if (demo === undefined) return {};
  return { DEMO_UPSTREAM: demo.upstream_http, DEMO_UPSTREAM_HTTPS: demo.upstream_https };
}

function execute(program: string, args: readonly string[], env: Environment): Promise<number> {
  return new Promise((resolve) => {
    // Before the child exists: a signal in between would leave it, and the files, behind.
    let forward: (signal: NodeJS.Signals) => void = () => {};
    const listener = (signal: NodeJS.Signals) => forward(signal);
    for (const signal of FORWARDED) process.on(signal, listener);
    const done = (code: number) => {
      for (const signal of FORWARDED) process.off(signal, listener);
      resolve(code);
    };
    const child = spawn(program, args, { stdio: 'inherit', env: { ...env } });
    forward = (signal) => void child.kill(signal);
    child.once('error', (error: NodeJS.ErrnoException) => {
      const found = error.code !== 'ENOENT';
      process.stderr.write(`clawgress run: ${program}: ${found ? error.message : 'command not found'}\n`);
      done(found ? COMMAND_NOT_RUNNABLE : COMMAND_NOT_FOUND);
    });
    child.once('exit', (code, signal) => done(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0)));
  });
}
