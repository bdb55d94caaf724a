import { CommanderError } from 'commander';
import { processEnvironment } from '../config/environment.ts';
import { EXIT, explain } from './exit.ts';
import { createProgram } from './program.ts';

async function main(argv: readonly string[]): Promise<number> {
  const debug = processEnvironment()['CLAWGRESS_DEBUG'] === '1';
  try {
    await createProgram().parseAsync([...argv]);
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const explained = explain(error, debug);
    process.stderr.write(`clawgress: ${explained.text}\n`);
    return explained.exitCode;
  }
}

// A reader that closes early (`receipts list | head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});
process.exitCode = await main(process.argv);
// The channel to a supervisor would keep this process alive.
if (process.connected) process.disconnect();
