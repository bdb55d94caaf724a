import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CliError, EXIT, explain } from '../../../src/cli/exit.ts';
import { ConfigError } from '../../../src/config/problem.ts';

test('our own errors are one sentence and a next step', () => {
  const error = new CliError(EXIT.no, 'it is so', 'do this');
  assert.deepEqual(explain(error, false), { exitCode: 1, text: 'it is so\n  next: do this' });
  assert.match(explain(error, true).text, /\n {4}at /);
});

test('configuration mistakes exit with 2 and name each place', () => {
  const problem = { where: 'clawgress.yaml:1:1', key: 'a', found: '1', allowed: '2' };
  const { exitCode, text } = explain(new ConfigError([problem]), false);
  assert.equal(exitCode, EXIT.usage);
  assert.match(text, /clawgress\.yaml:1:1: a: found 1; allowed: 2/);
});

test('refusals of other rooms and system errors exit with 3, without a stack', () => {
  class RecorderError extends Error {
    override readonly name = 'RecorderError';
  }
  assert.deepEqual(explain(new RecorderError('in use'), false), { exitCode: 3, text: 'in use' });
  const missing = Object.assign(new Error('ENOENT: x'), { code: 'ENOENT', path: '/x' });
  assert.deepEqual(explain(missing, false), { exitCode: 3, text: '/x: no such file or folder' });
});

test('everything else is a bug and says how to report it', () => {
  const { exitCode, text } = explain(new TypeError('undefined is not a function'), false);
  assert.equal(exitCode, EXIT.bug);
  assert.match(text, /^unexpected error: .*\n {2}next: .*CLAWGRESS_DEBUG=1/);
  assert.equal(explain('a string', false).exitCode, EXIT.bug);
});
