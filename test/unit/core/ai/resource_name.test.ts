import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isHiddenName, resourceName } from '../../../../src/core/ai/resource_name.ts';

const NAMES: readonly (readonly [uri: string, name: string])[] = [
  ['file:///notes.md', 'file:///notes.md'],
  ['https://docs.example.com/page?token=s3cret', 'https://docs.example.com/page?'],
  ['https://docs.example.com/page#s3cret', 'https://docs.example.com/page#'],
  ['https://docs.example.com/page#a?s3cret', 'https://docs.example.com/page#'],
  ['https://me:s3cret@docs.example.com/page', 'https://@docs.example.com/page'],
  ['https://s3cret@a@docs.example.com/page?s3cret', 'https://@docs.example.com/page?'],
  ['https://docs.example.com/@me', 'https://docs.example.com/@me'],
  ['search', 'search'],
];

test('a resource is known without its user and its query, and never as if it had none', () => {
  for (const [uri, name] of NAMES) assert.equal(resourceName(uri), name);
  fc.assert(
    fc.property(fc.webUrl(), fc.stringMatching(/^[a-z0-9]{8,20}$/), (uri, secret) => {
      for (const long of [`${uri}?k=${secret}!`, `${uri}#${secret}!`, uri.replace('//', `//${secret}!@`)]) {
        assert.equal(resourceName(long).includes(`${secret}!`), false);
        assert.notEqual(resourceName(long), uri);
      }
      assert.equal(resourceName(resourceName(uri)), resourceName(uri));
    }),
  );
});

test('a name that no resource has is told from the name of a tool', () => {
  assert.deepEqual(
    ['https://a/b?c', 'https://a@b/c', 'https://a/b?', 'what?now', 'search'].map(isHiddenName),
    [true, true, false, false, false],
  );
});
