import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLogger, type LogFormat } from '../../../src/telemetry/logger.ts';
import { redactText } from '../../../src/telemetry/redact.ts';

function logged(format: LogFormat, write: (log: ReturnType<typeof createLogger>) => void): string {
  let text = '';
  const sink = {
    write: (line: string) => {
      text += line;
    },
  };
  write(createLogger({ part: 'gateway', level: 'info', format, sink }));
  return text;
}

test('JSON lines carry time, level, part and fields', () => {
  const line = JSON.parse(logged('json', (log) => log.warn({ port: 3128 }, 'the port is taken')));
  assert.match(line.ts, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  delete line.ts;
  assert.deepEqual(line, { level: 'warn', part: 'gateway', port: 3128, msg: 'the port is taken' });
});

test('the readable form is one line', () => {
  const line = logged('lines', (log) => log.error({ port: 3128, why: 'two words' }, 'no\tport'));
  assert.match(line, /^\d\d:\d\d:\d\d gateway {2}error: no\tport {2}port=3128 why="two words"\n$/);
});

test('messages below the level are left out', () => {
  assert.equal(
    logged('json', (log) => log.debug('x')),
    '',
  );
});

const SECRETS = [
  'cgk_0123456789abcdefABCDEF_-x',
  'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln',
  'Basic ZGVtbzpjZ2tfYWJj',
  'bearer abcdefghijkl',
];

test('credentials never reach a line, wherever they hide', () => {
  for (const secret of SECRETS) {
    const text = logged('json', (log) => {
      log.info(`message with ${secret} inside`);
      log.info({ deep: { list: [{ note: `x ${secret}` }] }, err: new Error(`failed: ${secret}`) }, 'm');
      log.info({ authorization: secret, api_key: secret, headers: { 'proxy-authorization': secret } }, 'm');
    });
    assert.ok(!text.includes(secret), text);
    assert.equal(text.trim().split('\n').length, 3);
  }
});

test('any key of our form is removed from any text', () => {
  const key = fc.stringMatching(/^cgk_[A-Za-z0-9_-]{1,60}$/);
  fc.assert(
    fc.property(fc.string(), key, fc.string(), (before, secret, after) => {
      assert.ok(!redactText(`${before} ${secret} ${after}`).includes(` ${secret} `));
    }),
  );
});

test('a private key is cut out whole', () => {
  const pem = '-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----';
  assert.equal(redactText(`a ${pem} b`), 'a [redacted] b');
});
