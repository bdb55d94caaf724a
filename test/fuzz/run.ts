/**
 * The long form of the fuzzers: `npm run fuzz -- --minutes 10 jwt bundle`. A failing input is shrunk and saved under
 * test/fuzz/regressions, where every test run replays it.
 */
import { parseArgs } from 'node:util';
import { BOUNDARIES } from './boundaries.ts';
import { fuzz, saveRegression } from './fuzzer.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    `npm run fuzz -- [--minutes 1] [--seed n] [--json] [boundary …]\nBoundaries: ${Object.keys(BOUNDARIES).join(', ')}\n` +
      'Minutes are per boundary. Exit 1 when an input crashed something or got a wrong verdict.\n',
  );
  process.exit(0);
}
const unknown = positionals.find((name) => !(name in BOUNDARIES));
const minutes = Number(values.minutes);
if (unknown !== undefined || !(minutes > 0)) {
  process.stderr.write(`unknown boundary or bound: ${unknown ?? values.minutes}; see --help\n`);
  process.exit(2);
}

let failed = false;
const rows = [];
for (const [name, open] of Object.entries(BOUNDARIES)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  process.stderr.write(`${name}: ${minutes} min, seed ${values.seed}\n`);
  const boundary = await open();
  const result = await fuzz(boundary, { seed: Number(values.seed), until_ms: Date.now() + minutes * 60_000 });
  await boundary.close?.();
  const { failure } = result;
  rows.push({
    boundary: name,
    inputs: result.runs,
    accepted: result.accepted,
    failed: failure !== undefined,
  });
  if (failure === undefined) continue;
  failed = true;
  process.stderr.write(
    `${name}: ${String(failure.error)}\nsaved as ${saveRegression(name, failure.input)}\n`,
  );
}
if (values.json)
  process.stdout.write(`${JSON.stringify({ seed: Number(values.seed), minutes, rows }, null, 2)}\n`);
else
  for (const row of rows)
    process.stdout.write(
      `${row.failed ? 'FAILED' : 'ok'}  ${row.boundary}  ${row.inputs} inputs, ${row.accepted} accepted\n`,
    );
process.exit(failed ? 1 : 0);
