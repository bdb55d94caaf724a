import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { type Environment, processEnvironment } from '../config/environment.ts';
import type { Layout } from '../config/layout.ts';
import { type DemoAgent, readDemoAgents } from './demo_agents.ts';
import { type Endpoints, readEndpoints } from './endpoints.ts';
import { CliError, EXIT } from './exit.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';
import { tryPort } from './ports.ts';

const COMMAND_NOT_FOUND = 127;
const COMMAND_NOT_RUNNABLE = 126;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** Variables by which common clients find a CA bundle. */
const CA_VARIABLES = [
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'NODE_EXTRA_CA_CERTS',
  'PIP_CERT',
  'GIT_SSL_CAINFO',
  'AWS_CA_BUNDLE',
  'CARGO_HTTP_CAINFO',
  'DENO_CERT',
  'npm_config_cafile',
] as const;

/** `clawgress run -- <command>`: the command with an agent's proxy variables. Returns the command's exit code. */
export async function run(command: readonly string[], flags: Flags): Promise<number> {
  const [program, ...args] = command;
  if (program === undefined) {
    throw new CliError(
      EXIT.usage,
      'no command was given',
      'clawgress run --agent demo-agent -- curl http://…',
    );
  }
  const layout = layoutFor(settingsFor(flags));
  const endpoints = await reachable(layout);
  const env = processEnvironment();
  const credential = credentialOf(flags, env, layout);
  return await execute(program, args, { ...env, ...agentVariables(endpoints, credential) });
}

async function reachable(layout: Layout): Promise<Endpoints> {
  const endpoints = readEndpoints(layout);
  const proxy = endpoints === undefined ? undefined : new URL(endpoints.explicit_proxy);
  const host = proxy?.hostname.replace(/^\[|\]$/g, '');
  // A port that we can bind is a port where no proxy listens.
  if (
    endpoints === undefined ||
    proxy === undefined ||
    host === undefined ||
    (await tryPort(host, Number(proxy.port))) === undefined
  ) {
    throw new CliError(
      EXIT.unavailable,
      `no gateway runs on ${layout.state_dir}`,
      'start one with `clawgress up`',
    );
  }
  return endpoints;
}

type Credential = Pick<DemoAgent, 'agent_id' | 'api_key'>;

/** `--key-file` or CLAWGRESS_KEY for any agent; the demo agents' keys are known. */
export function credentialOf(flags: Flags, env: Environment, layout: Layout): Credential {
  const agent = typeof flags['agent'] === 'string' ? flags['agent'] : undefined;
  const given = typeof flags['keyFile'] === 'string' ? keyFrom(flags['keyFile']) : env['CLAWGRESS_KEY'];
  if (given !== undefined && given !== '') {
    if (agent !== undefined) return { agent_id: agent, api_key: given };
    throw new CliError(EXIT.usage, 'a key was given without its agent', 'add --agent <id>');
  }
  const known = readDemoAgents(layout);
  const found = agent === undefined ? known[0] : known.find((entry) => entry.agent_id === agent);
  if (found !== undefined) return found;
  const who =
    agent === undefined
      ? 'no agent was named and there are no demo agents'
      : `the key of agent '${agent}' is not known here`;
  throw new CliError(
    EXIT.usage,
    who,
    'add --key-file <file>, or set CLAWGRESS_KEY; `clawgress agent add` makes a key',
  );
}

function keyFrom(path: string): string {
  const text = readFileSync(path, 'utf8').trim();
  if (/^cgk_[A-Za-z0-9_-]+$/.test(text)) return text;
  throw new CliError(
    EXIT.usage,
    `${path} does not hold an API key`,
    'it must hold the one line that `clawgress agent add` printed',
  );
}

/** Both spellings: half of the clients read upper case, the other half lower case. */
export function agentVariables(endpoints: Endpoints, credential: Credential): Record<string, string> {
  const proxy = new URL(endpoints.explicit_proxy);
  proxy.username = credential.agent_id;
  proxy.password = credential.api_key;
  const url = proxy.href.replace(/\/$/, '');
  const variables: Record<string, string> = {
    // Node's fetch and http look at the variables only when asked to.
    NODE_USE_ENV_PROXY: '1',
  };
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']) {
    variables[name] = url;
    variables[name.toLowerCase()] = url;
  }
  for (const name of ['NO_PROXY', 'no_proxy']) variables[name] = '';
  if (existsSync(endpoints.ca_bundle)) for (const name of CA_VARIABLES) variables[name] = endpoints.ca_bundle;
  if (endpoints.demo !== undefined) {
    variables['DEMO_UPSTREAM'] = endpoints.demo.upstream_http;
    variables['DEMO_UPSTREAM_HTTPS'] = endpoints.demo.upstream_https;
  }
  return variables;
}

function execute(program: string, args: readonly string[], env: Environment): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit', env: { ...env } });
    const forward = (signal: NodeJS.Signals) => void child.kill(signal);
    for (const signal of FORWARDED) process.on(signal, forward);
    const done = (code: number) => {
      for (const signal of FORWARDED) process.off(signal, forward);
      resolve(code);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      process.stderr.write(
        `clawgress run: ${program}: ${error.code === 'ENOENT' ? 'command not found' : error.message}\n`,
      );
      done(error.code === 'ENOENT' ? COMMAND_NOT_FOUND : COMMAND_NOT_RUNNABLE);
    });
    child.once('exit', (code, signal) => done(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0)));
  });
}
