import type { Command } from 'commander';
import { examplesOf, finish } from './action.ts';
import { type Flags, withState } from './options.ts';

const JSON_HELP = 'machine-readable output';

/** `run`, `env`, `trust list|install|remove|check`: clients that shall go through the gateway. */
export function registerClients(program: Command): void {
  registerRun(program);
  registerEnv(program);
  registerTrust(program);
}

/** Where the credential comes from; it is never an argument, because everybody can read those. */
function withCredential(command: Command): Command {
  return withState(command)
    .option('--agent <id>', 'the agent (default: the first demo agent)')
    .option(
      '--credentials <file>',
      'its key: one line, agent:key, or JSON (default: CLAWGRESS_KEY, or the demo)',
    )
    .option('--key-file <file>', 'the same as --credentials');
}

function registerRun(program: Command): void {
  const run = withCredential(
    program
      .command('run <command> [args...]')
      .description("run a command with an agent's proxy and CA variables; its exit code is passed on"),
  )
    .option('--intercept', 'in a network of its own that leads to the gateway and nowhere else (Linux)')
    .option('--no-node-preload', 'leave NODE_OPTIONS alone (Node older than 22.21 then ignores the proxy)')
    .passThroughOptions()
    .action(async (command: string, args: string[], flags: Flags) =>
      finish(await (await import('./run_agent.ts')).runAgent([command, ...args], flags)),
    );
  examplesOf(run, [
    'clawgress run -- curl -s http://api.example.com/',
    'clawgress run --agent demo-limited -- sh -c \'curl -si "$DEMO_UPSTREAM/hello"\'',
    'clawgress run --agent my-agent --credentials my-agent.key -- python agent.py',
    'clawgress run --intercept --agent my-agent --credentials my-agent.key -- python agent.py',
  ]);
}

function registerEnv(program: Command): void {
  const env = withCredential(
    program.command('env').description('print the variables that send programs through the gateway'),
  )
    .option('--shell <kind>', 'sh | fish | json | dotenv (default: sh)')
    .option('--key-stdin', 'read the key from standard input')
    .option('--ca-dir <dir>', 'write the CA files there, readable for all (default: for this user alone)')
    .option('--no-node-preload', 'leave NODE_OPTIONS alone (Node older than 22.21 then ignores the proxy)')
    .option('--json', 'the same as --shell json')
    .action(async (flags: Flags) => finish(await (await import('./client_env.ts')).clientEnv(flags)));
  examplesOf(env, [
    'eval "$(clawgress env)"                                  without a key',
    'eval "$(clawgress env --agent my-agent --credentials my-agent.key)"',
    'clawgress env --shell fish --agent my-agent --key-stdin < my-agent.key | source',
    'clawgress env --shell dotenv --ca-dir /etc/clawgress/clients > agent.env',
  ]);
}

function registerTrust(program: Command): void {
  const load = () => import('./trust.ts');
  const trust = program.command('trust').description("where clients keep trust, and this gateway's CA in it");
  const keystore = ['--keystore <file>', 'java: this key store instead of a copy of the JDK’s'] as const;
  const list = withState(
    trust.command('list').description('each client, where it keeps trust, and our CA in it'),
  )
    .option('--json', JSON_HELP)
    .action(async (flags: Flags) => finish((await load()).trustList(flags)));
  examplesOf(list, ['clawgress trust list']);
  const install = withState(trust.command('install').description('add the CA; may be repeated'))
    .option('--for <client>', 'curl | git | java | cargo | apt | system')
    .option(...keystore)
    .option('--json', JSON_HELP)
    .action(async (flags: Flags) => finish((await load()).trustInstall(flags)));
  examplesOf(install, [
    'clawgress trust install --for git',
    'sudo clawgress trust install --for system --state-dir /var/lib/clawgress',
    'clawgress trust install --for java --keystore ./cacerts',
  ]);
  const remove = withState(
    trust.command('remove').description('take out what install added, and nothing else'),
  )
    .option('--for <client>', 'curl | git | java | cargo | apt | system')
    .option(...keystore)
    .option('--json', JSON_HELP)
    .action(async (flags: Flags) => finish((await load()).trustRemove(flags)));
  examplesOf(remove, ['clawgress trust remove --for git']);
  registerCheck(trust);
}

function registerCheck(trust: Command): void {
  const check = withCredential(
    trust.command('check').description('start real clients and see whether they go through the gateway'),
  )
    .option(
      '--url <url>',
      'a destination that answers 200 to GET (default: the demo upstream, http and https)',
    )
    .option('--for <client>', 'only node | python | curl | git | java | cargo | apt | system')
    .option('--json', JSON_HELP)
    .action(async (flags: Flags) => finish(await (await import('./trust_check.ts')).trustCheck(flags)));
  examplesOf(check, [
    'clawgress trust check',
    'clawgress trust check --for node --url https://api.example.com/health --json',
  ]);
}
