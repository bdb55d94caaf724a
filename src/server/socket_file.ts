import { existsSync, lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

/**
 * Makes way for a Unix socket at `path`: removes one that nobody listens on any more, as a killed process leaves it.
 * Throws when somebody does, or when the path is something else: taking it over would cut off a running gateway.
 */
export async function clearStaleSocket(path: string): Promise<void> {
  if (!existsSync(path)) return;
  if (!lstatSync(path).isSocket()) throw new Error(`${path} exists and is no socket`);
  if (await isAnswered(path)) throw new Error(`${path} is in use by another process`);
  unlinkSync(path);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
