import { chmod, rm } from 'node:fs/promises';
import type { Http2Server } from 'node:http2';
import type { Server } from 'node:net';
import { Doorkeeper, type SessionsMax } from './doorkeeper.ts';
import { grpcDoor } from './grpc_door.ts';
import type { RelayHost, RelayPlaces } from './ports.ts';
import { websocketDoor } from './websocket_door.ts';

export interface RelayService {
  /** Lets nobody in, waits so long for streams to end by themselves, then ends them. */
  close(drainMs: number): Promise<void>;
}

/** Serves both sockets. Rejects when one cannot be had. */
export async function serveRelay(
  places: RelayPlaces,
  host: RelayHost,
  max?: SessionsMax,
): Promise<RelayService> {
  const doorkeeper = new Doorkeeper(places, host, max);
  const upgrades = websocketDoor(places, doorkeeper);
  const calls = grpcDoor(places, doorkeeper);
  await listen(upgrades, places.socket);
  await listen(calls, places.h2Socket);
  return {
    async close(drainMs) {
      upgrades.close();
      calls.close();
      await doorkeeper.close(drainMs);
      await Promise.all([rm(places.socket, { force: true }), rm(places.h2Socket, { force: true })]);
    },
  };
}

/** Takes the place of what a relay that died has left: this gateway's life holds the name. */
async function listen(server: Server | Http2Server, path: string): Promise<void> {
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // In a folder that nobody else may enter, so nobody came in before.
  await chmod(path, 0o600);
}
