export interface Rung {
  readonly name: 'direct' | 'envoy' | 'clawgress';
  readonly target: string;
  readonly host?: string;
  readonly auth?: string;
}

/** One k6 run. Times in milliseconds, `rate` in requests per second, the rest in requests. */
export interface Row {
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  readonly rate: number;
  readonly failed: number;
  readonly dropped: number;
}

const FIELDS = ['p50_ms', 'p95_ms', 'p99_ms', 'rate', 'failed', 'dropped'] as const;

/** Field by field, so that one noisy round does not decide. */
export function median(rows: readonly Row[]): Row {
  const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  return Object.fromEntries(
    FIELDS.map((field) => [field, middle(rows.map((row) => row[field]))]),
  ) as unknown as Row;
}

export function printTable(
  machine: string,
  results: readonly { load: string; rows: Record<string, Row> }[],
): void {
  process.stdout.write(
    `${machine}\n\n| load | rung | p50 ms | p95 ms | p99 ms | req/s | failed | added over Envoy p50/p95 |\n`,
  );
  process.stdout.write('| --- | --- | --- | --- | --- | --- | --- | --- |\n');
  for (const { load, rows } of results) {
    const base = rows['envoy'];
    for (const [name, row] of Object.entries(rows)) {
      const added =
        name === 'clawgress' && base
          ? load === 'max'
            ? `${(row.rate / base.rate).toFixed(2)}x of Envoy's rate`
            : `+${(row.p50_ms - base.p50_ms).toFixed(2)} / +${(row.p95_ms - base.p95_ms).toFixed(2)}`
          : '';
      const times = [row.p50_ms, row.p95_ms, row.p99_ms].map((ms) => ms.toFixed(2)).join(' | ');
      process.stdout.write(
        `| ${load} | ${name} | ${times} | ${row.rate.toFixed(0)} | ${row.failed} | ${added} |\n`,
      );
    }
  }
}
