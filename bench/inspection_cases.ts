import { type BenchWorld, callOfModel, ordersOf, type Timed, type Way } from './inspection_world.ts';

type Spread = readonly [p50: number, p95: number];

const WARM_UP_ROUNDS = 10;
const SIZES = [1_024, 16_384, 65_536, 1_048_576];
const LARGE_BYTES = 5 * 1_048_576;
const LARGE_SECONDS = 6;
const LARGE_CLIENTS = 2;

/** Bodies of several sizes: to the destination, through the gateway unread, and held to a schema. */
export async function requests(bench: BenchWorld, times: number) {
  const ways = ['direct', 'plain', 'contract'] as const;
  const rows = [];
  for (const size of SIZES) {
    const body = ordersOf(size);
    const took = new Map<Way, number[]>(ways.map((way) => [way, []]));
    for (let i = -WARM_UP_ROUNDS; i < times; i++) {
      for (const way of ways) {
        const { total } = good(await bench.call(way, 'body', body));
        if (i >= 0) took.get(way)?.push(total);
      }
    }
    const [direct, plain, inspected] = ways.map((way) => spread(took.get(way)));
    if (direct && plain && inspected) rows.push({ bytes: body.length, direct, plain, inspected });
  }
  return rows;
}

/** Streams of events, one at a time. */
export async function streams(bench: BenchWorld, times: number) {
  const ways = ['direct', 'plain', 'notarized', 'tools'] as const;
  const took = new Map<Way, { first: number[]; gaps: number[] }>(
    ways.map((way) => [way, { first: [], gaps: [] }]),
  );
  for (let i = -1; i < times; i++) {
    for (const way of ways) {
      const { first, gaps } = good(await bench.call(way, 'chat/completions', callOfModel()));
      if (i < 0) continue;
      took.get(way)?.first.push(first);
      took.get(way)?.gaps.push(...gaps);
    }
  }
  const direct = took.get('direct');
  return ways.map((way) => {
    const { first = [], gaps = [] } = took.get(way) ?? {};
    const gap_p99 = at(gaps, 0.99);
    return {
      ...{ way, first: spread(first), gap: spread(gaps), gap_p99 },
      added_first: at(first, 0.5) - at(direct?.first ?? [], 0.5),
      added_gap_p99: gap_p99 - at(direct?.gaps ?? [], 0.99),
    };
  });
}

/** How long others wait for an answer while bodies of 5 MB are read, and while they pass unread. */
export async function largeBodies(bench: BenchWorld) {
  const body = ordersOf(LARGE_BYTES);
  const rows = [];
  for (const way of [undefined, 'plain', 'contract'] as const) {
    let isOver = false;
    const sender = async () => {
      while (!isOver && way !== undefined) good(await bench.call(way, 'body', body));
    };
    const sending = Array.from({ length: LARGE_CLIENTS }, sender);
    const waits: number[] = [];
    for (const until = performance.now() + LARGE_SECONDS * 1_000; performance.now() < until; )
      waits.push(good(await bench.call('plain', 'body')).total);
    isOver = true;
    await Promise.all(sending);
    const when =
      way === undefined
        ? 'nothing else'
        : `beside 5 MB bodies, ${way === 'plain' ? 'not read' : 'contract and schema'}`;
    rows.push({ when, latency: spread(waits), max: Math.max(...waits), count: waits.length });
  }
  return rows;
}

/** As fast as the machine can. */
export async function closedLoop(
  bench: BenchWorld,
  { seconds, clients }: { readonly seconds: number; readonly clients: number },
) {
  const body = ordersOf(1_024);
  const waits: number[] = [];
  let failed = 0;
  const began = performance.now();
  const client = async () => {
    while (performance.now() - began < seconds * 1_000) {
      const { status, total } = await bench.call('contract', 'body', body);
      if (status !== 200) failed++;
      waits.push(total);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return {
    ...{ requests: waits.length, failed, seconds: (performance.now() - began) / 1_000 },
    latency: spread(waits),
  };
}

function good(one: Timed): Timed {
  if (one.status !== 200) throw new Error(`status ${one.status}`);
  return one;
}

function spread(values: readonly number[] = []): Spread {
  return [at(values, 0.5), at(values, 0.95)];
}

function at(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
