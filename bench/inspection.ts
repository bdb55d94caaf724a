/**
 * `npm run bench:inspection -- [--times 100] [--streams 20] [--seconds 10] [--clients 32] [--json]`: what it costs to read bodies
 * and answers, next to the same requests on a route that nobody reads and to the destination itself. Cases take turns, so
 * that a busy moment of the machine falls on all of them. At the end a closed loop of inspected requests, which must have
 * no failure.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { closedLoop, largeBodies, requests, streams } from './inspection_cases.ts';
import { type BenchWorld, openBench } from './inspection_world.ts';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '100' },
    streams: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '10' },
    clients: { type: 'string', default: '32' },
    json: { type: 'boolean', default: false },
  },
});
const [times, streamed, seconds, clients] = [
  values.times,
  values.streams,
  values.seconds,
  values.clients,
].map(Number);
if (![times, streamed, seconds, clients].every((value) => Number.isInteger(value) && Number(value) > 0)) {
  process.stderr.write('--times, --streams, --seconds and --clients take whole numbers from 1\n');
  process.exit(2);
}

const world = await openBench();
const found = await measure(world).finally(() => world.close());
if (values.json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
else print();
process.exit(found.loop.failed === 0 ? 0 : 1);

async function measure(bench: BenchWorld) {
  return {
    requests: await requests(bench, times ?? 1),
    streams: await streams(bench, streamed ?? 1),
    large: await largeBodies(bench),
    loop: await closedLoop(bench, { seconds: seconds ?? 1, clients: clients ?? 1 }),
  };
}

function print(): void {
  const ms = (value: number) => value.toFixed(2);
  const cell = ([p50, p95]: readonly [number, number]) => `${ms(p50)} / ${ms(p95)}`;
  const lines = [
    `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.version}, ${times} times each, ${streamed} streams each`,
    '',
    '| JSON body | direct p50 / p95 ms | not read p50 / p95 ms | contract and schema p50 / p95 ms | reading adds p50 ms |',
    '| ---: | --- | --- | --- | ---: |',
    ...found.requests.map(
      ({ bytes, direct, plain, inspected }) =>
        `| ${bytes} | ${cell(direct)} | ${cell(plain)} | ${cell(inspected)} | ${ms(inspected[0] - plain[0])} |`,
    ),
    '',
    '| SSE, 50 events 10 ms apart | first byte p50 / p95 ms | gap p50 / p95 / p99 ms | first byte added p50 ms | gap added p99 ms |',
    '| --- | --- | --- | ---: | ---: |',
    ...found.streams.map(
      ({ way, first, gap, gap_p99, added_first, added_gap_p99 }) =>
        `| ${way} | ${cell(first)} | ${cell(gap)} / ${ms(gap_p99)} | ${ms(added_first)} | ${ms(added_gap_p99)} |`,
    ),
    '',
    '| other requests | p50 / p95 ms | max ms | requests |',
    '| --- | --- | ---: | ---: |',
    ...found.large.map(
      ({ when, latency, max, count }) => `| ${when} | ${cell(latency)} | ${ms(max)} | ${count} |`,
    ),
    '',
    `closed loop: ${found.loop.requests} inspected requests in ${found.loop.seconds.toFixed(1)} s, ` +
      `${Math.round(found.loop.requests / found.loop.seconds)} a second, ${found.loop.failed} failed, p50 / p95 ${cell(found.loop.latency)} ms`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
