import type { Command } from 'commander';
import { examplesOf, finish } from './action.ts';
import { AGENT_EXAMPLES } from './agent.ts';
import { BIND_EXAMPLES } from './agent_bind.ts';
import { type Flags, withState } from './options.ts';

const JSON_HELP = 'machine-readable output';
const load = () => import('./agent.ts');

/** `agent add|list|bind|unbind|disable|enable|rotate-key|remove`. */
export function registerAgent(program: Command): void {
  const agent = program.command('agent').description('who may use this gateway');
  const add = withState(agent.command('add <id>').description('register an agent and print its key, once'))
    .option('--team <id>', 'team id (required)')
    .option('--project <id>', 'project id (required)')
    .option('--environment <id>', 'environment, for instance prod (required)')
    .option('--tenant <id>', 'tenant id (default: default)')
    .option('--key-file <file>', 'write the key to this new file (0600) instead of the terminal')
    .option('--jwt-issuer <iss>', 'let tokens of this issuer speak for the agent, instead of a key')
    .option('--jwt-subject <sub>', '… with this subject')
    .option('--json', JSON_HELP)
    .action(async (id: string, flags: Flags) => finish(await (await load()).agentAdd(id, flags)));
  examplesOf(add, AGENT_EXAMPLES.add);
  const list = withState(
    agent.command('list').description('all agents, their keys by id, and when those were used'),
  )
    .option('--json', JSON_HELP)
    .action(async (flags: Flags) => finish(await (await load()).agentList(flags)));
  examplesOf(list, AGENT_EXAMPLES.list);
  const rotate = withState(
    agent.command('rotate-key <id>').description('a new key; the old ones end after the overlap'),
  )
    .option('--overlap <time>', 'how long the old keys still work: 30s, 10m, 24h, 0s')
    .option('--key-file <file>', 'write the key to this new file (0600) instead of the terminal')
    .option('--json', JSON_HELP)
    .action(async (id: string, flags: Flags) => finish(await (await load()).agentRotateKey(id, flags)));
  examplesOf(rotate, AGENT_EXAMPLES['rotate-key']);
  registerSources(agent);
  registerStatus(agent);
}

function registerSources(agent: Command): void {
  const load = () => import('./agent_bind.ts');
  const withSource = (command: Command) =>
    withState(command)
      .option('--uid <n>', 'a user id of this host (a listener in transparent.uid_listeners)')
      .option('--cidr <network>', 'a network of routed agents (transparent.tproxy_identity: source)')
      .option('--json', JSON_HELP);
  const bind = withSource(
    agent.command('bind <id>').description('in transparent mode, connections from there are this agent'),
  ).action(async (id: string, flags: Flags) => finish(await (await load()).agentBind(id, flags)));
  examplesOf(bind, BIND_EXAMPLES.bind);
  const unbind = withSource(
    agent
      .command('unbind <id>')
      .description('connections from there are this agent no longer: at once, and those that stand, too'),
  ).action(async (id: string, flags: Flags) => finish(await (await load()).agentUnbind(id, flags)));
  examplesOf(unbind, BIND_EXAMPLES.unbind);
}

function registerStatus(agent: Command): void {
  const disable = withState(agent.command('disable <id>').description('refuse its requests; its keys stay'))
    .option('--json', JSON_HELP)
    .action(async (id: string, flags: Flags) => finish(await (await load()).agentDisable(id, flags)));
  examplesOf(disable, AGENT_EXAMPLES.disable);
  const enable = withState(
    agent.command('enable <id>').description('admit it again, also after a quarantine'),
  )
    .option('--json', JSON_HELP)
    .action(async (id: string, flags: Flags) => finish(await (await load()).agentEnable(id, flags)));
  examplesOf(enable, AGENT_EXAMPLES.enable);
  const remove = withState(agent.command('remove <id>').description('forget it; its receipts stay'))
    .option('--json', JSON_HELP)
    .action(async (id: string, flags: Flags) => finish(await (await load()).agentRemove(id, flags)));
  examplesOf(remove, AGENT_EXAMPLES.remove);
}
