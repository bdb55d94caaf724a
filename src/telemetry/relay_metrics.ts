import { Counter, Gauge, type Registry } from 'prom-client';

/** What the relay of a gateway carries. */
export function relayMetrics(registers: Registry[]) {
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Counter({ name, help, labelNames, registers });
  return {
    open: new Gauge({
      name: 'clawgress_relay_streams',
      help: 'Streams that the relay carries now',
      registers,
    }),
    ended: counter('clawgress_relay_ended_total', 'Relayed streams that ended, by why', [
      'protocol',
      'cause',
    ]),
    bytes: counter('clawgress_relay_bytes_total', 'Payload bytes of relayed streams that ended', [
      'direction',
    ]),
    refused: counter('clawgress_relay_refused_total', 'Streams that the relay did not let in', ['why']),
    unreported: counter(
      'clawgress_relay_unreported_total',
      'Ends of streams that Envoy did not write down, so that no outcome tells them',
    ),
    restarts: counter('clawgress_relay_restarts_total', 'Deaths of the thread, with every stream in it'),
  };
}
