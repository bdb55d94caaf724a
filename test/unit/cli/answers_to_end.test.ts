import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answersToEnd } from '../../../src/cli/answers_to_end.ts';

const never = new Promise<void>(() => {});
const LONG_MS = 600_000;

test('waits until nothing is read any more', async () => {
  let end = () => {};
  const idle = new Promise<void>((resolve) => {
    end = resolve;
  });
  let isOver = false;
  const over = answersToEnd({ idle: () => idle }, never, LONG_MS).then(() => {
    isOver = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isOver, false);
  end();
  await over;
});

test('has no patience when everything ends', async () => {
  await answersToEnd({ idle: () => never }, Promise.resolve(), LONG_MS);
});

test('has only so much patience', async () => {
  await answersToEnd({ idle: () => never }, never, 1);
});
