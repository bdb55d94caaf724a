import type { ChildProcess } from 'node:child_process';
import { connect, createServer, Server, type Socket } from 'node:net';
import type { HandedOut } from './netns_listener.ts';

const CONNECTIONS_MAX = 1_024;

export interface GatewayPlace {
  readonly host: string;
  readonly port: number;
}

/** Serves the sockets that the listener inside hands out. */
export interface NetnsRelay {
  /** True once every socket is here: what ends before that is not the command. */
  isComplete(): boolean;
  close(): void;
}

/** `places`: the port inside, and the place outside that it leads to; no other place is ever dialled. */
export function relayFor(child: ChildProcess, places: ReadonlyMap<number, GatewayPlace>): NetnsRelay {
  const servers = new Map<number, Server>();
  child.on('message', (message, handle) => {
    const { port } = message as HandedOut;
    const place = places.get(port);
    if (place === undefined || !(handle instanceof Server) || servers.has(port)) return;
    const server = createServer({ allowHalfOpen: true }, (inside) => join(inside, place));
    server.maxConnections = CONNECTIONS_MAX;
    server.listen(handle);
    // The command decides how long this process lives, not its listening sockets.
    server.unref();
    servers.set(port, server);
  });
  return {
    isComplete: () => servers.size === places.size,
    close: () => {
      for (const server of servers.values()) server.close();
    },
  };
}

/** Both directions, each with its own end: a client may stop writing and still read. */
function join(inside: Socket, place: GatewayPlace): void {
  const outside = connect({ ...place, allowHalfOpen: true });
  const ends = [inside, outside];
  for (const socket of ends) {
    socket.setNoDelay(true);
    socket.on('error', () => {
      for (const end of ends) end.destroy();
    });
  }
  inside.pipe(outside);
  outside.pipe(inside);
}
