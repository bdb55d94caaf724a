import { readFileSync } from 'node:fs';
import type { Layout } from '../config/layout.ts';
import { openRelayTicket } from '../core/relay/relay_ticket.ts';
import type { Keyring } from '../keys/keyring.ts';
import type { RelayEvent } from '../relay/ports.ts';
import { type Relay, startRelay } from '../relay/relay.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** What streams get to end by themselves when their gateway stops; less than a gateway has for that. */
export const RELAY_DRAIN_MS = 2_000;

interface Parts {
  readonly layout: Layout;
  readonly keyring: Pick<Keyring, 'hmac'>;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** The relay of the gateway with this number, serving. Rejects when its thread does not get that far. */
export async function openRelay({ layout, keyring, log, metrics }: Parts, number: number): Promise<Relay> {
  const [socket, h2Socket] = [layout.relay_sockets[number - 1], layout.relay_h2_sockets[number - 1]];
  if (socket === undefined || h2Socket === undefined)
    throw new Error(`invariant: gateway ${number} has no sockets for its relay`);
  const relay = startRelay({
    ...{ socket, h2Socket, outSocket: layout.relay_out_socket },
    stamp: readFileSync(layout.stamp, 'utf8').trim(),
    openTicket: (text) => {
      const ticket = openRelayTicket(text, keyring.hmac, Date.now());
      return ticket.ok ? ticket.value : undefined;
    },
    onEvent: (event) => {
      count(metrics.relay, event);
      if (event.kind === 'unreported') log.warn({}, 'Envoy did not take the report of a stream that ended');
    },
    onDown: (why) => {
      metrics.relay.restarts.inc();
      metrics.relay.open.set(0);
      log.error({ why }, 'the relay of streams ended and starts again');
    },
  });
  await relay.ready;
  return relay;
}

function count(relay: Metrics['relay'], event: RelayEvent): void {
  if (event.kind === 'opened') relay.open.inc();
  else if (event.kind === 'refused') relay.refused.inc({ why: event.why });
  else if (event.kind === 'unreported') relay.unreported.inc();
  else {
    relay.open.dec();
    relay.ended.inc({ protocol: event.protocol, cause: event.cause });
    relay.bytes.inc({ direction: 'in' }, event.bytes_in);
    relay.bytes.inc({ direction: 'out' }, event.bytes_out);
  }
}
