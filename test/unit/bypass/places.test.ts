import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  authorityOf,
  PLACES_MAX,
  parsePlace,
  parsePlaces,
  parseProxyUrl,
  resolversOf,
  wideNoProxy,
} from '../../../src/bypass/places.ts';
import { listenerUid, tellingCapabilities } from '../../../src/bypass/proc_files.ts';

test('places are addresses with a port; names only where they are asked for', () => {
  for (const text of ['192.0.2.1:443', '[2001:db8::1]:53']) {
    const place = parsePlace(text, 'address');
    assert.ok(place.ok, text);
    assert.equal(authorityOf(place.value), text);
  }
  assert.ok(parsePlace('api.example.com:443', 'name_or_address').ok, 'a name');
  const bad = ['', '192.0.2.1', '192.0.2.1:0', '192.0.2.1:65536', '2001:db8::1:53', '[192.0.2.1]:1', 'a b:1'];
  for (const text of [...bad, '192.0.2:80', 'name.example:1', '[::1', 'u@1.2.3.4:5'])
    assert.ok(!parsePlace(text, 'address').ok, text);
  for (const text of ['-.:1', 'a..b:1', '[name]:1', 'a/b:1', `${'a'.repeat(64)}.b:1`])
    assert.equal(parsePlace(text, 'name_or_address').ok, text === '-.:1', text);
  assert.ok(
    !parsePlaces(
      Array(PLACES_MAX + 1)
        .fill('192.0.2.1:1')
        .join(','),
    ).ok,
    'too many',
  );
  fc.assert(fc.property(fc.string(), (text) => typeof parsePlaces(text).ok === 'boolean'));
});

test('a proxy URL gives place and credential; problems never repeat it', () => {
  const proxy = parseProxyUrl('http://bot:cgk_s%65cret@127.0.0.1:3128');
  assert.ok(proxy.ok, 'parses');
  assert.deepEqual(proxy.value, {
    host: '127.0.0.1',
    port: 3128,
    authorization: `Basic ${Buffer.from('bot:cgk_secret').toString('base64')}`,
    key: 'cgk_secret',
  });
  for (const text of [
    'cgk_secret',
    'https://a:cgk_secret@h:1',
    'http://a:cgk_secret%ff@h:1',
    'socks5://cgk_secret',
  ]) {
    const refused = parseProxyUrl(text);
    assert.ok(!refused.ok, text);
    assert.ok(!refused.problem.includes('cgk_secret'), 'the key is not shown');
  }
});

test('only loopback may go past the proxy', () => {
  assert.deepEqual(wideNoProxy(undefined), []);
  assert.deepEqual(wideNoProxy('localhost,127.0.0.1, ::1 [::1]:80 127.0.0.0/8 .localhost'), []);
  const wide = ['*', '.com', '10.0.0.0/8', '169.254.169.254', '127.0.0.1.example.com', '0.0.0.0/0'];
  assert.deepEqual(wideNoProxy(wide.join(',')), wide);
});

test('name servers of a resolv.conf', () => {
  const text = '# nameserver 1.1.1.1\nsearch x\nnameserver 127.0.0.53\n nameserver fd00::1\nnameserver x\n';
  assert.deepEqual(
    resolversOf(text).map(({ host }) => host),
    ['127.0.0.53', 'fd00::1'],
  );
  fc.assert(fc.property(fc.string(), (any) => resolversOf(any).length <= 3));
});

test('effective capabilities that matter', () => {
  assert.deepEqual(tellingCapabilities('Name:\tx\nCapEff:\t0000000000000000\n'), []);
  assert.deepEqual(tellingCapabilities('CapEff:\t0000000000003000\nCapBnd:\tff\n'), [
    'CAP_NET_ADMIN',
    'CAP_NET_RAW',
  ]);
  assert.equal(tellingCapabilities('CapEff:\tzz\n'), undefined);
  assert.equal(tellingCapabilities(''), undefined);
});

test('the owner of a listening port', () => {
  const row = (local: string, state: string, uid: string) =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 ${uid} 0 1 1\n`;
  const table = `  sl  local_address\n${row('0100007F:0C38', '01', '7')}${row('0100007F:0C38', '0A', '1000')}`;
  assert.equal(listenerUid(table, '127.0.0.1', 3128), 1000);
  assert.equal(listenerUid(table, '127.0.0.2', 3128), undefined);
  assert.equal(listenerUid(table, '127.0.0.1', 3129), undefined);
  assert.equal(listenerUid(row(`${'0'.repeat(8)}:0C38`, '0A', '5'), '10.1.2.3', 3128), 5);
  assert.equal(listenerUid(row('0100007F:0C38', '0A', 'x'), '127.0.0.1', 3128), undefined);
  fc.assert(fc.property(fc.string(), (any) => void listenerUid(any, '127.0.0.1', 1)));
});
