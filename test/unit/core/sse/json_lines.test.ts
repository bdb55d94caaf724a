import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonLineReader } from '../../../../src/core/sse/json_lines.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function read(pieces: readonly Uint8Array[], maxLineBytes = 64) {
  const reader = new JsonLineReader({ maxLineBytes });
  const feeds = pieces.map((piece) => reader.feed(piece));
  const lines = [...feeds.flatMap(({ lines }) => lines), ...reader.end()];
  return { lines: lines.map(({ text }) => text), violation: feeds.at(-1)?.violation };
}

test('lines are the same, cut at every place', () => {
  const line = fc.constantFrom('{"a":1}', '\r', '', '{"\u00e9":\r"x"}', ' ', '[1,2]');
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.boolean(), (lines, isEnded) => {
      const input = bytes(lines.join('\n') + (isEnded ? '\n' : ''));
      const expected = lines.filter((text) => text.trim() !== '');
      for (let cut = 0; cut <= input.length; cut += 1)
        assert.deepEqual(read([input.subarray(0, cut), input.subarray(cut)]).lines, expected);
    }),
  );
});

test('a line is bounded and nothing is read behind one that is not', () => {
  assert.deepEqual(read([bytes('12345678\n1')], 8), { lines: ['12345678', '1'], violation: undefined });
  assert.deepEqual(read([bytes('1\n12345'), bytes('6789')], 8), { lines: ['1'], violation: 'LINE_TOO_BIG' });
  assert.deepEqual(read([bytes('123456789\n1\n')], 8), { lines: [], violation: 'LINE_TOO_BIG' });
});
