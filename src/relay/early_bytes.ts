import type { Duplex } from 'node:stream';

/** More is left in the socket; then a client that leaves is noticed only when the destination has answered. */
const EARLY_BYTES_MAX = 65_536;

/**
 * Reads a socket that nobody may be served from yet, because who does not read does not see the other side leave. Envoy
 * ends its side only when its client is gone. The result stops it and gives what came, `head` first.
 */
export function earlyBytes(socket: Duplex, head: Uint8Array, onGone: () => void): () => Uint8Array {
  const pieces = [head];
  let size = head.length;
  const take = (piece: Uint8Array): void => {
    pieces.push(piece);
    size += piece.length;
    if (size >= EARLY_BYTES_MAX) socket.pause();
  };
  socket.on('data', take);
  socket.once('end', onGone);
  socket.once('close', onGone);
  return () => {
    socket.pause();
    socket.off('data', take);
    socket.off('end', onGone);
    socket.off('close', onGone);
    return Buffer.concat(pieces);
  };
}
