import assert from 'node:assert/strict';
import { it } from 'node:test';
import { notInOwnNetwork } from '../../support/own_network.ts';
import { type Fault, type FaultResult, missingFor, runFault } from './fault.ts';

const TIMEOUT_MS = 240_000;
/** Whatever breaks, a client gets one of these, or its connection breaks. */
const STATUSES = ['101', '200', '403', '407', '422', '429', '502', '503', 'no answer'];

/** One test for each fault. */
export function prove(faults: readonly Fault[]): void {
  for (const fault of faults) {
    it(fault.name, { timeout: TIMEOUT_MS }, async (t) => {
      const missing = missingFor(fault);
      if (missing !== undefined) return skip(t, fault, missing);
      const result = await runFault(fault);
      t.diagnostic(
        `seed ${result.seed}, ${result.judgement.requests} requests, ${result.judgement.inside} arrived out of tunnels, ${result.judgement.redirected} allowed of redirected agents, ${result.judgement.sockets} WebSockets, seen ${JSON.stringify(result.seen)}`,
      );
      requireProven(fault, result);
    });
  }
}

function skip(t: { skip(message: string): void }, { name }: Fault, missing: string): void {
  assert.notEqual(process.env['CI'], 'true', `${name}: ${missing}; CI must run it`);
  process.stderr.write(`SKIPPED: ${name}: ${missing}\n`);
  t.skip(missing);
}

export function requireProven(fault: Fault, result: FaultResult): void {
  const { unproven, others, seen, remarks, output } = result;
  const seed = `seed ${result.seed}`;
  assert.deepEqual(unproven, [], `${seed}: at the upstream without a durable allow record\n${output}`);
  assert.deepEqual(others, [], `${seed}\n${output}`);
  assert.deepEqual(remarks, [], seed);
  assert.deepEqual(
    Object.keys(seen).filter((status) => !STATUSES.includes(status)),
    [],
    seed,
  );
  const redirects = fault.intercepted === true && notInOwnNetwork() === undefined;
  assert.equal(result.judgement.redirected > 0, redirects, `${seed}: agents were redirected`);
  assert.deepEqual(result.notAgain, [], `${seed}: served again`);
  assert.equal(result.insideAgain, fault.intercepted === true, `${seed}: served inside of tunnels again`);
  assert.equal(
    result.servedAgainMs === undefined,
    fault.staysDown === true,
    `${seed}: served again\n${output}`,
  );
  if (fault.unnoticed) assert.equal(result.failures, 0, `${seed}: somebody noticed`);
}
