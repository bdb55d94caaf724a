import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatRelayEnd,
  parseRelayEnd,
  RELAY_END_CAUSES,
  type RelayEnd,
} from '../../../../src/core/relay/relay_end.ts';

const count = fc.maxSafeNat();
const ends: fc.Arbitrary<RelayEnd> = fc.record(
  {
    cause: fc.constantFrom(...RELAY_END_CAUSES),
    bytes_in: count,
    bytes_out: count,
    frames: fc.record(
      {
        in: count,
        out: count,
        messages_in: count,
        messages_out: count,
        largest: count,
        violations: count,
      },
      { noNullPrototype: true },
    ),
  },
  { requiredKeys: ['cause', 'bytes_in', 'bytes_out'], noNullPrototype: true },
);

test('what is written is read, and fits in a header', () => {
  fc.assert(
    fc.property(ends, (end) => {
      const text = formatRelayEnd(end);
      assert.match(text, /^[\x21-\x7e]{1,300}$/);
      assert.deepEqual(parseRelayEnd(text), { ok: true, value: end });
    }),
  );
});

test('nothing else is read', () => {
  for (const text of [
    '',
    'cause=done',
    'cause=done;in=1',
    'cause=other;in=1;out=2',
    'cause=done;in=01;out=2',
    'cause=done;in=-1;out=2',
    'cause=done;in=9007199254740992;out=2',
    'cause=done;in=1;out=2;',
    'cause=done;in=1;out=2;frames_in=1',
    ' cause=done;in=1;out=2',
    'cause=done;in=1;out=2\n',
  ])
    assert.equal(parseRelayEnd(text).ok, false, text);
});
