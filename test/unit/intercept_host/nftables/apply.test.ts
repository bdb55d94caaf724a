import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { applyRuleset, type Kernel } from '../../../../src/intercept_host/nftables/apply.ts';
import { ChangeError, pendingChanges } from '../../../../src/intercept_host/nftables/pending.ts';

const CHANGE = { ruleset: 'new', route: true, persist: false, nowMs: Date.now() };

/** Rules and route in memory; the watchdog's own `nft` does nothing, as one does that comes before the rules. */
function kernelThat(beforeLoading: () => void): {
  kernel: Kernel;
  inForce: { rules: string; route: string };
} {
  const inForce = { rules: 'old', route: '' };
  const nft = {
    path: '/bin/true',
    check: () => undefined,
    listing: () => inForce.rules,
    canonical: (text: string) => text,
    snapshot: () => inForce.rules,
    load(text: string) {
      if (text === 'new') beforeLoading();
      inForce.rules = text;
    },
  };
  const route = {
    path: undefined,
    parts: () => inForce.route.split(' ').filter((part) => part !== ''),
    wanted: (isWanted: boolean) => (isWanted ? ['rule4', 'route4'] : []),
    set(parts: readonly string[]) {
      inForce.route = parts.join(' ');
    },
  };
  return { kernel: { nft, route } as unknown as Kernel, inForce };
}

function changes(t: TestContext): string {
  const base = mkdtempSync(join(tmpdir(), 'cg-apply-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  return join(base, 'run', '4026531840');
}

function sleepUntil(condition: () => boolean): void {
  while (!condition()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}

test('rules that are loaded after their watchdog has given up do not stay', (t) => {
  const dir = changes(t);
  const { kernel, inForce } = kernelThat(() => sleepUntil(() => existsSync(join(dir, 'rolled-back'))));
  assert.throws(
    () => applyRuleset(kernel, dir, { ...CHANGE, seconds: 0 }),
    (error) => error instanceof ChangeError && /time to confirm was over/.test(error.message),
  );
  assert.deepEqual(inForce, { rules: 'old', route: '' });
  assert.deepEqual(pendingChanges(dir), []);
});

test('rules that are loaded in time wait for their confirmation', (t) => {
  const dir = changes(t);
  const { kernel, inForce } = kernelThat(() => undefined);
  assert.equal(applyRuleset(kernel, dir, { ...CHANGE, seconds: 3_600 }).state, 'waiting');
  assert.deepEqual(inForce, { rules: 'new', route: 'rule4 route4' });
  assert.equal(pendingChanges(dir).length, 1);
});
