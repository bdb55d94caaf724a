/**
 * Bytes per second of the JSON checker beside decoding and JSON.parse of the same bytes in the same run.
 * `node --import tsx bench/json_reader.ts [--json]`
 */
import { parseArgs } from 'node:util';
import { JSON_LIMITS } from '../src/core/body/json_limits.ts';
import { JsonReader } from '../src/core/body/json_reader.ts';
import { ValueBuilder } from '../src/core/body/value_builder.ts';

/** The shortest of so many times counts: what is left is the work, not the neighbours. */
const ROUNDS = 25;
const CHUNK_BYTES = 16_384;
const BYTES_PER_MS_IN_MB_PER_S = 1_000;

const DOCUMENTS: Readonly<Record<string, unknown>> = {
  orders: Array.from({ length: 4_000 }, (_, id) => ({
    id,
    name: `customer ${id}`,
    amount: id * 1.25,
    currency: 'EUR',
    tags: ['a', 'b'],
    active: id % 2 === 0,
    note: 'Thank you for your order, it will be shipped within three days.',
  })),
  chat: Array.from({ length: 200 }, () => ({
    role: 'user',
    content: 'The quick brown fox "jumps" over\nthe lazy dog. '.repeat(60),
  })),
  wide_text: Array.from({ length: 200 }, () => ({ content: '日本語のテキストと絵文字😀'.repeat(80) })),
  integers: Array.from({ length: 100_000 }, (_, i) => i * 7_919),
  doubles: Array.from({ length: 50_000 }, (_, i) => Math.sin(i)),
};

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const rows = Object.entries(DOCUMENTS).map(([name, document]) => measure(name, document));
if (values.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
else console.table(rows);

function measure(name: string, document: unknown) {
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return {
    name,
    bytes: bytes.length,
    check_mb_per_s: speed(bytes, () => read(bytes, bytes.length, new JsonReader(JSON_LIMITS))),
    check_16k_chunks_mb_per_s: speed(bytes, () => read(bytes, CHUNK_BYTES, new JsonReader(JSON_LIMITS))),
    build_mb_per_s: speed(bytes, () =>
      read(bytes, bytes.length, new JsonReader(JSON_LIMITS, new ValueBuilder(Number.MAX_SAFE_INTEGER))),
    ),
    json_parse_mb_per_s: speed(bytes, () => JSON.parse(decoder.decode(bytes))),
  };
}

function read(bytes: Uint8Array, chunk: number, reader: JsonReader): void {
  for (let at = 0; at < bytes.length; at += chunk) reader.feed(bytes.subarray(at, at + chunk));
  const problem = reader.end();
  if (problem !== undefined) throw new Error(JSON.stringify(problem));
}

function speed(bytes: Uint8Array, work: () => void): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now();
    work();
    shortest = Math.min(shortest, performance.now() - started);
  }
  return Math.round(bytes.length / shortest / BYTES_PER_MS_IN_MB_PER_S);
}
