import { type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RelayTicket } from '../core/relay/relay_ticket.ts';
import { destinationHeaders, headerPairs, isInternal, isUnsendable } from './out_headers.ts';
import type { RelayPlaces } from './ports.ts';

/** More than Envoy lets through. */
export const HEADER_BYTES_MAX = 98_304;

/** For the whole handshake with the destination. */
const HANDSHAKE_MS = 60_000;

/** What became of an upgrade that was asked of a destination. `drop` gives it up. */
export type Destination =
  | {
      readonly kind: 'upgraded';
      readonly answer: IncomingMessage;
      readonly socket: Duplex;
      readonly head: Uint8Array;
      readonly drop: () => void;
    }
  | { readonly kind: 'answered'; readonly answer: IncomingMessage; readonly drop: () => void }
  | { readonly kind: 'failed'; readonly drop: () => void };

/** Asks for the same upgrade by way of Envoy's second listener. Rejects when it cannot be asked; `gone` gives up waiting. */
export function openDestination(
  places: RelayPlaces,
  order: RelayTicket,
  request: IncomingMessage,
  gone: AbortSignal,
): Promise<Destination> {
  return new Promise((resolve) => {
    const hop = startHop(places, order, request);
    const drop = (): void => void hop.destroy();
    const late = setTimeout(drop, HANDSHAKE_MS);
    const settle = (destination: Destination): void => {
      clearTimeout(late);
      resolve(destination);
    };
    gone.addEventListener('abort', drop, { once: true });
    hop.on('upgrade', (answer, socket, head) => {
      socket.on('error', () => undefined);
      settle({ kind: 'upgraded', answer, socket, head, drop: () => socket.destroy() });
    });
    hop.on('response', (answer) => settle({ kind: 'answered', answer, drop }));
    hop.on('error', () => settle({ kind: 'failed', drop }));
    hop.on('close', () => settle({ kind: 'failed', drop }));
    hop.end();
  });
}

function startHop(places: RelayPlaces, order: RelayTicket, request: IncomingMessage): ClientRequest {
  const headers = headerPairs(request.rawHeaders).filter(([name]) => {
    const isExtension = name.toLowerCase() === 'sec-websocket-extensions';
    // Compressed frames could not be looked at: none are offered.
    const isLeftOut = isUnsendable(name) || (isExtension && order.frames !== undefined);
    return !isInternal(name) && !isLeftOut;
  });
  return startRequest({
    // One end may be done while the other still has something to say.
    createConnection: () => connect({ path: places.outSocket, allowHalfOpen: true }),
    method: 'GET',
    path: request.url ?? '/',
    maxHeaderSize: HEADER_BYTES_MAX,
    headers: [...headers, ...Object.entries(destinationHeaders(places, order))].flat(),
  });
}
