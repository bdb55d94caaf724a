import assert from 'node:assert/strict';
import { verifyPolicyBundle } from '../../../src/core/policy_bundle/verify.ts';
import { at, bundle, KEY, NOW_MS, newKey, trust, trusting } from '../../unit/core/policy_bundle/sample.ts';
import { type Boundary, sameBytes } from '../boundary.ts';

/** Judge: only the very bytes that a trusted key signed are accepted. */
export function policyBundle(): Boundary {
  const good = [bundle(), bundle({ version: 9, valid_until: at(1) })];
  const stranger = newKey();
  const bad = [bundle({}, undefined, stranger), bundle({ valid_until: at(-0.5) })];
  const trusted = trust({ keys: trusting([[KEY], [newKey(), { revoked_at: at(-1) }]]), nowMs: NOW_MS });
  return {
    name: 'policy_bundle',
    corpus: [...good, ...bad],
    check(input) {
      const result = verifyPolicyBundle(input, trusted);
      if (!result.ok) {
        assert.ok(result.problem.code.length > 0);
        return false;
      }
      assert.ok(
        good.some((one) => sameBytes(one, input)),
        'a changed bundle is accepted',
      );
      return true;
    },
  };
}
