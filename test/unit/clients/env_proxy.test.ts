import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { proxyRules } from '../../../src/clients/env_proxy.ts';

const PROXY = { http_proxy: 'http://u%40x:p@127.0.0.1:3128', HTTPS_PROXY: 'http://127.0.0.1:3129' };

test('lower case comes first, and each scheme has its own', () => {
  const rules = proxyRules({ ...PROXY, HTTP_PROXY: 'http://ignored:1' });
  assert.deepEqual(rules.proxyFor('http', 'a.example', 80), {
    hostname: '127.0.0.1',
    port: 3128,
    authorization: `Basic ${Buffer.from('u@x:p').toString('base64')}`,
  });
  assert.deepEqual(rules.proxyFor('https', 'a.example', 443), { hostname: '127.0.0.1', port: 3129 });
  assert.equal(proxyRules({}).proxyFor('http', 'a.example', 80), undefined);
  assert.equal(proxyRules({ all_proxy: 'http://p:1' }).proxyFor('https', 'a.example', 443)?.port, 1);
});

test('loopback goes through the proxy like everything else; the proxy itself does not', () => {
  const rules = proxyRules(PROXY);
  for (const host of ['localhost', '127.0.0.1', '[::1]', '127.9.9.9']) {
    assert.equal(rules.proxyFor('http', host, 80)?.port, 3128, host);
  }
  assert.equal(rules.proxyFor('http', '127.0.0.1', 3128), undefined);
});

test('an unusable proxy stops the program instead of being left out', () => {
  for (const text of ['https://p:1', 'socks5://p:1', 'p:1', 'http://']) {
    assert.throws(() => proxyRules({ http_proxy: text }), /http_proxy is not an http:\/\/ URL/, text);
  }
  assert.throws(
    () => proxyRules({ http_proxy: 'secret:1' }),
    (error: Error) => !error.message.includes('secret'),
  );
});

/** By label, from the right: what the exception names has to be the end of the host's labels. */
function naive(list: string, host: string, port: number): boolean {
  for (const entry of list.split(',')) {
    if (entry === '*') return true;
    const [name = '', only] = entry.split(':');
    if (only !== undefined && only !== String(port)) continue;
    const wanted = name
      .split('.')
      .filter((label) => label !== '')
      .reverse();
    const labels = host.split('.').reverse();
    if (wanted.length > 0 && wanted.every((label, at) => labels[at] === label)) return true;
  }
  return false;
}

test('exceptions: a naive reader agrees', () => {
  const label = fc.constantFrom('a', 'b', 'aa');
  const host = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
  const entry = fc
    .tuple(fc.constantFrom('', '.'), host, fc.constantFrom('', ':80', ':81'))
    .map((parts) => parts.join(''));
  const list = fc.array(fc.oneof({ weight: 9, arbitrary: entry }, fc.constant('*')), { maxLength: 3 });
  fc.assert(
    fc.property(list, host, fc.constantFrom(80, 81), (entries, name, port) => {
      const no_proxy = entries.join(',');
      const proxy = proxyRules({ http_proxy: 'http://p:1', no_proxy }).proxyFor('http', name, port);
      assert.equal(proxy === undefined, naive(no_proxy, name, port), `${no_proxy} ${name}:${port}`);
    }),
  );
});
