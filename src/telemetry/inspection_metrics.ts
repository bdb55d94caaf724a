import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** From a small text to a thread that gives up. */
const LATENCY_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What a gateway looks at. */
export function inspectionMetrics(registers: Registry[]) {
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const source: { read?: () => number } = {};
  new Gauge({
    name: 'clawgress_inspection_bytes',
    help: 'Bytes of bodies and answers that are held for inspection now',
    registers,
    collect() {
      if (source.read === undefined) this.remove();
      else this.set(source.read());
    },
  });
  return {
    inspected: counter('clawgress_inspected_total', 'Requests whose body was waited for, by decision', [
      'verdict',
      'reason',
    ]),
    seconds: new Histogram({
      name: 'clawgress_inspection_duration_seconds',
      help: 'From the whole body to its decision, durable record included',
      buckets: LATENCY_S,
      registers,
    }),
    repaired: counter('clawgress_repairs_total', 'Bodies that reading changed'),
    ended: counter('clawgress_inspections_ended_total', 'Answers and streamed bodies, by how they ended', [
      'part',
      'state',
    ]),
    tokens: counter('clawgress_model_tokens_total', 'Tokens that answers of models say were used', [
      'direction',
    ]),
    cost: counter(
      'clawgress_model_cost_micro_usd_total',
      'What answers of models cost by the list of prices',
    ),
    /** Called once, by a gateway that inspects. */
    watchBytes(read: () => number): void {
      source.read = read;
    },
  };
}
