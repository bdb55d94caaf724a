import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import type { Ask, Listener } from './ports.ts';

/** Answers datagrams. Rejects when the address cannot be had. */
export async function serveUdp(address: string, port: number, ask: Ask): Promise<Listener> {
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
  await bound(socket, address, port);
  socket.on('message', (message, from) => {
    const bytes = ask(message, from.address);
    // Who cannot be answered has gone, or lied about where it is.
    if (bytes !== undefined) socket.send(bytes, from.port, from.address, () => {});
  });
  // An answer that was refused somewhere is reported here, too; it is no reason to stop.
  socket.on('error', () => {});
  return { close: () => new Promise((resolve) => socket.close(() => resolve())) };
}

function bound(socket: Socket, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}
