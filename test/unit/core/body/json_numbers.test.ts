import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkJson } from '../../../../src/core/body/check_json.ts';
import { JSON_LIMITS } from '../../../../src/core/body/json_limits.ts';
import { naiveJson } from './naive_json.ts';

const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`));
const whole = digits(20).map((text) => text.replace(/^0+(?=\d)/, ''));
const power = fc.oneof(digits(2), fc.integer({ min: 280, max: 345 }).map(String));
/** Numbers of up to forty digits, near everything that doubles cannot do. */
const numbers = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(fc.constant('0'), whole),
    fc.oneof(
      fc.constant(''),
      digits(20).map((text) => `.${text}`),
    ),
    fc.oneof(
      fc.constant(''),
      fc.tuple(fc.constantFrom('e', 'E', 'e-', 'e+'), power).map((parts) => parts.join('')),
    ),
  )
  .map((parts) => parts.join(''));

for (const rule of ['any', 'double', 'exact'] as const) {
  test(`numbers under ${rule} are judged as by integers of any size`, () => {
    fc.assert(
      fc.property(numbers, (text) => {
        const bytes = new TextEncoder().encode(`[${text}]`);
        const limits = { ...JSON_LIMITS, numbers: rule };
        assert.deepEqual(checkJson(bytes, limits), naiveJson(bytes, limits));
      }),
      { numRuns: 2_000 },
    );
  });
}
