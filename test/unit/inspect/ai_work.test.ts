import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRequest } from '../../../src/inspect/read_request.ts';
import { CHAT, deskOf, jobOf } from './inspect_world.ts';

/** How often characters of strings are looked at while something is done. */
function looksWhile(act: () => void): number {
  const { charCodeAt, charAt } = String.prototype;
  let looks = 0;
  String.prototype.charCodeAt = function (at) {
    looks += 1;
    return charCodeAt.call(this, at);
  };
  String.prototype.charAt = function (at) {
    looks += 1;
    return charAt.call(this, at);
  };
  try {
    act();
  } finally {
    Object.assign(String.prototype, { charCodeAt, charAt });
  }
  return looks;
}

/** Texts that are hard on tokenizers. */
const HARD: readonly string[] = [
  'a',
  'b',
  ' ',
  '\n',
  'aB',
  'Ba ',
  '😀',
  '\u0301',
  '0',
  '=',
  'bcd',
  'é',
  ' \t',
];

for (const unit of HARD) {
  test(`the estimate of ${JSON.stringify(unit)} without end takes a few looks at each character`, () => {
    for (const count of [10_000, 100_000]) {
      const body = JSON.stringify({
        model: 'gpt-4o',
        messages: [{ role: 'user', content: unit.repeat(count) }],
      });
      const job = jobOf(body, { request: CHAT, demands: { ai: true } });
      const desk = deskOf();
      let tokens = 0;
      const looks = looksWhile(() => {
        tokens = readRequest(job, desk).facts.ai?.input_tokens ?? 0;
      });
      assert.ok(looks <= 6 * body.length + 10_000, `${looks} looks at ${body.length} characters`);
      assert.ok(tokens > 0 && tokens <= Buffer.byteLength(body) + 1_000, `${tokens} tokens`);
    }
  });
}
