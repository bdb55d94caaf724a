import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOUNDARIES } from './boundaries.ts';
import { fuzz, regressionsOf } from './fuzzer.ts';

const RUNS = 2_000;
/** Slow boundaries get fewer inputs in the short form. */
const FEWER: Readonly<Record<string, number>> = {
  bundle: 150,
  policy: 300,
  grpc: 150,
  frames: 150,
  answer: 400,
};
const SEED = 20_251_121;

for (const [name, open] of Object.entries(BOUNDARIES)) {
  test(`${name}: mutated input neither crashes nor gets a wrong verdict`, async (t) => {
    const boundary = await open();
    t.after(() => boundary.close?.());
    let accepted = 0;
    for (const input of boundary.corpus) accepted += Number(await boundary.check(input));
    assert.ok(accepted > 0, 'the corpus holds nothing that is accepted: the judge would never be asked');
    for (const [file, input] of regressionsOf(name)) {
      await assert.doesNotReject(async () => boundary.check(input), `regression ${file}`);
    }
    const { failure } = await fuzz(boundary, { seed: SEED, runs: FEWER[name] ?? RUNS });
    assert.equal(
      failure,
      undefined,
      failure &&
        `${String(failure.error)}\ninput (base64): ${Buffer.from(failure.input).toString('base64').slice(0, 2_000)}`,
    );
  });
}
