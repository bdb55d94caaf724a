import { Command } from 'commander';
import { registerAgent } from './commands_agent.ts';
import { registerAi } from './commands_ai.ts';
import { registerCa } from './commands_ca.ts';
import { registerClients } from './commands_clients.ts';
import { registerEvidence } from './commands_evidence.ts';
import { registerIntercept } from './commands_intercept.ts';
import { registerJson } from './commands_json.ts';
import { registerOperation } from './commands_operation.ts';
import { registerPolicy } from './commands_policy.ts';
import { registerRecorder } from './commands_recorder.ts';
import { PACKAGE_VERSION } from './package_root.ts';

const HELP = `
Examples:
  clawgress up                                   run everything on this host, with a demo
  clawgress run --agent demo-agent -- curl -s http://api.example.com/
  clawgress receipts why --agent demo-limited --last
  clawgress export -o evidence.zip && clawgress verify evidence.zip --trust keys.json

Exit codes: 0 fine; 1 the check says no; 2 wrong usage or configuration; 3 a needed service or file is
unavailable; 70 a bug. \`clawgress run\` passes on the code of the command.`;

/** The whole command line; each command loads its code only when it runs. */
export function createProgram(): Command {
  const program = new Command('clawgress')
    .description('Egress gateway for AI agents that leaves a signed receipt for every decision')
    .version(PACKAGE_VERSION, '-V, --version')
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for usage)')
    .addHelpText('after', HELP)
    .enablePositionalOptions()
    .exitOverride();
  registerOperation(program);
  registerAgent(program);
  registerClients(program);
  registerPolicy(program);
  registerCa(program);
  registerEvidence(program);
  registerRecorder(program);
  registerIntercept(program);
  registerJson(program);
  registerAi(program);
  for (const command of everyCommand(program)) command.exitOverride().showSuggestionAfterError();
  return program;
}

export function everyCommand(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...everyCommand(child)]);
}
