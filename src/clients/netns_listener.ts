import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';

/** What `netns_relay` gets with each socket. */
export interface HandedOut {
  readonly port: number;
}

/**
 * Runs inside the namespace, before the command: listens there and hands the sockets to the process outside, which
 * alone accepts on them. So nothing of ours runs inside, and no path on disk leads out. Rejects when that fails.
 */
export async function handOut(
  ports: readonly number[],
  send: (message: HandedOut, server: Server) => Promise<void>,
): Promise<void> {
  for (const port of ports) {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    await send({ port }, server);
    server.close();
  }
}

function overChannel(message: HandedOut, server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, server, {}, (error) => (error === null ? resolve() : reject(error)));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await handOut(process.argv.slice(2).map(Number), overChannel);
  process.disconnect();
}
