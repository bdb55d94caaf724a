import assert from 'node:assert/strict';
import { normalise } from '../../../src/core/request/normalise.ts';
import { normalisePath } from '../../../src/core/request/path.ts';
import { type Boundary, bytesOf, latin1 } from '../boundary.ts';
import { requestTo } from './authority.ts';

const CORPUS = [
  '/',
  '/v1/items?page=2&_method=PUT',
  '/a/../b',
  '/a/%2e%2e/b',
  '/a%2fb',
  '/a//b',
  '/a\\b',
  '/a;x=1/b',
  '/%c0%ae%c0%ae/',
  '/%252e/',
  '/a%00b',
  '/caf%C3%A9',
  '/a/..;/b',
  '/100%25',
  '/%zz',
  '/a?b=%3D#c',
  "/it's(1)!*",
];
/** What some versions of the platform's parser escape although nobody reads it in two ways. */
const ESCAPED_BY_URL = /["<>`{}^|]/g;

/** Judge: a path that we call unambiguous is changed neither by the platform's URL parser nor by one decoding. */
export function path(): Boundary {
  return {
    name: 'path',
    corpus: CORPUS.map(bytesOf),
    check(input) {
      const text = latin1(input);
      const result = normalise(requestTo('api.example', text), { ports: [] });
      if (!result.ok) return false;
      const { path: raw = '', path_normal = '', path_ambiguous } = result.value.request;
      assert.equal(raw, text.split('?')[0]);
      assert.equal(normalisePath(path_normal), path_normal, 'the normal form is not normal');
      assertPlain(path_normal);
      if (!path_ambiguous) {
        const written = (text: string) =>
          text.replace(ESCAPED_BY_URL, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
        assert.equal(written(new URL(`http://api.example${raw}`).pathname), written(raw));
        assertPlain(raw);
      }
      return true;
    },
  };
}

/** After one decoding there is nothing left that a server might still resolve. */
function assertPlain(text: string): void {
  const once = text.replace(/%[0-9a-f]{2}/gi, (code) =>
    String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  );
  assert.ok(!once.split('/').some((part) => part === '.' || part === '..'), `dot segment in ${text}`);
  assert.ok(!/[\\\0]/.test(once) && !once.slice(1).includes('//'), `separator in ${text}`);
}
