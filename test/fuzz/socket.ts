import { connect } from 'node:net';

/** How long a connection that nobody closes is kept. */
const LINGER_MS = 15;

/** Sends the bytes on a connection of their own and waits for its end, or a moment. Whatever comes back is dropped. */
export function sendTo(path: string, input: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = () => {
      socket.destroy();
      resolve();
    };
    socket.on('error', done).on('close', done).resume();
    socket.end(input);
    setTimeout(done, LINGER_MS).unref();
  });
}
