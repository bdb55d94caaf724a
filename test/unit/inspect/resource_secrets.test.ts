import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRequest } from '../../../src/inspect/read_request.ts';
import { deskOf, jobOf } from './inspect_world.ts';

const factsOf = (method: string, params: object) => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  return readRequest(jobOf(body, { demands: { ai: true } }), deskOf()).facts;
};

test('the facts of a call that reads a resource hold no user and no query of its URI', () => {
  for (const method of ['resources/read', 'resources/subscribe', 'resources/unsubscribe']) {
    const facts = factsOf(method, { uri: 'https://me:s3cret@docs.example.com/page?token=s3cret#s3cret' });
    assert.equal(facts.ai?.target, 'https://@docs.example.com/page?');
    assert.equal(JSON.stringify(facts).includes('s3cret'), false);
  }
  assert.equal(factsOf('tools/call', { name: 'what?now' }).ai?.target, 'what?now');
});
