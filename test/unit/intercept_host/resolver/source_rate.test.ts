import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SOURCES_MAX, SourceRate } from '../../../../src/intercept_host/resolver/source_rate.ts';

function admitted(
  rate: SourceRate,
  source: (index: number) => string,
  tries: number,
  now_ms: number,
): number {
  let count = 0;
  for (let index = 0; index < tries; index += 1) if (rate.admits(source(index), now_ms)) count += 1;
  return count;
}

test('one source has its share, and gets it back', () => {
  const rate = new SourceRate();
  assert.equal(
    admitted(rate, () => '127.0.0.1', 3_000, 0),
    1_000,
  );
  assert.equal(
    admitted(rate, () => '127.0.0.2', 10, 0),
    10,
    'another is not held up',
  );
  assert.equal(
    admitted(rate, () => '127.0.0.1', 3_000, 1_000),
    500,
  );
});

test('addresses of one IPv6 network are one source', () => {
  const rate = new SourceRate();
  assert.equal(
    admitted(rate, (index) => `2001:db8::${index.toString(16)}`, 3_000, 0),
    1_000,
  );
  assert.equal(rate.admits('2001:db8::1%eth0', 0), false);
  assert.equal(rate.admits('2001:db8:0:1::1', 0), true);
});

test('all sources together are bounded, and so is what is remembered of them', () => {
  const rate = new SourceRate();
  const many = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
  assert.equal(admitted(rate, many, 3 * SOURCES_MAX, 0), 4_000);
});
