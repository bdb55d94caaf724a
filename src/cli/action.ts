import type { Command } from 'commander';

/** Every command answers with its exit code. */
export function finish(code: number): void {
  process.exitCode = code;
}

/** Adds examples below the help of a command. */
export function examplesOf(command: Command, lines: readonly string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}
