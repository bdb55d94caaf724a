import { parentPort, workerData } from 'node:worker_threads';
import type { RelayTicket } from '../core/relay/relay_ticket.ts';
import type { RelayEvent, RelayHost, RelayPlaces } from './ports.ts';
import { serveRelay } from './service.ts';

/** What the thread is told. */
export type RelayCommand =
  | { readonly kind: 'opened'; readonly id: number; readonly order?: RelayTicket }
  | { readonly kind: 'stop'; readonly drain_ms: number };

/** What the thread says. */
export type RelayMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'open'; readonly id: number; readonly ticket: string }
  | { readonly kind: 'event'; readonly event: RelayEvent }
  | { readonly kind: 'stopped' };

/** A thread that is told nothing about a ticket for so long lets it go. */
const OPEN_MS = 5_000;

type Port = NonNullable<typeof parentPort>;

/** A fault ends the thread, and every stream with it. */
async function serve(port: Port, places: RelayPlaces): Promise<void> {
  const waiting = new Map<number, (order: RelayTicket | undefined) => void>();
  const say = (message: RelayMessage): void => port.postMessage(message);
  const host: RelayHost = {
    open: asking(waiting, say),
    tell: (event) => say({ kind: 'event', event }),
  };
  const service = await serveRelay(places, host);
  port.on('message', (command: RelayCommand) => {
    if (command.kind === 'opened') return waiting.get(command.id)?.(command.order);
    void service.close(command.drain_ms).then(() => say({ kind: 'stopped' }));
  });
  say({ kind: 'ready' });
}

function asking(
  waiting: Map<number, (order: RelayTicket | undefined) => void>,
  say: (message: RelayMessage) => void,
): RelayHost['open'] {
  let lastId = 0;
  return (ticket) =>
    new Promise((resolve) => {
      const id = ++lastId;
      const settle = (order: RelayTicket | undefined): void => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(order);
      };
      const timer = setTimeout(() => settle(undefined), OPEN_MS);
      waiting.set(id, settle);
      say({ kind: 'open', id, ticket });
    });
}

if (parentPort !== null) await serve(parentPort, workerData as RelayPlaces);
