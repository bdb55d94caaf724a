import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normalise } from '../../../../src/core/request/normalise.ts';
import { strippedHeaders } from '../../../../src/server/codec/stripped.ts';

const name = fc.oneof(
  fc.constantFrom(
    'proxy-authorization',
    'x-clawgress-key',
    'x-cg-mode',
    'x-envoy-x',
    'authorization',
    'cookie',
    'x-cgx',
  ),
  fc.stringMatching(/^[a-z][a-z-]{0,20}$/),
);

test('a header with a key is either stripped or reported as forwarded', () => {
  fc.assert(
    fc.property(name, (header) => {
      const headers = [{ name: header, value: 'cgk_secret' }];
      const base = {
        mode: 'explicit',
        method: 'GET',
        authority: 'a.example',
        path: '/',
        scheme: 'http',
      } as const;
      const normal = normalise({ ...base, headers }, { ports: [] });
      if (!normal.ok) return;
      assert.equal(normal.value.request.credential_forwarded, !strippedHeaders(headers).includes(header));
    }),
    { numRuns: 500 },
  );
});

test('each name is listed once, the credential always', () => {
  const headers = ['x-cg-a', 'accept', 'x-cg-a', 'x-clawgress-key'].map((header) => ({
    name: header,
    value: '',
  }));
  assert.deepEqual(strippedHeaders(headers), ['proxy-authorization', 'x-cg-a', 'x-clawgress-key']);
});
