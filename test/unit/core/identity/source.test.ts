import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressNumber, parseNetwork, sourceName } from '../../../../src/core/identity/source.ts';

test('a network has one spelling', () => {
  for (const cidr of [
    '10.92.0.0/24',
    '10.92.0.7/32',
    '128.0.0.0/1',
    'fd00:92::/64',
    '2001:db8::1/128',
    '8000::/1',
  ])
    assert.ok(parseNetwork(cidr) !== undefined, cidr);
  for (const cidr of [
    ...['', '10.92.0.0', '10.92.0.1/24', '10.92.0.0/33', '10.92.0.0/024', '10.92.0.0/ 24', '010.92.0.0/24'],
    ...['0.0.0.0/0', '::/0', 'FD00:92::/64', 'fd00:92:0::/64', 'fd00:92::1/64', '::ffff:10.92.0.0/120'],
    ...['::ffff:a5c:0/120', 'fd00::%eth0/64', '10.92.0/24', '1/8', 'fd00:92::/129', '10.92.0.0/24\n'],
  ])
    assert.equal(parseNetwork(cidr), undefined, cidr);
});

test('IPv4 is where IPv4-mapped IPv6 is', () => {
  assert.equal(addressNumber('10.0.0.1'), addressNumber('::ffff:10.0.0.1'));
  assert.equal(addressNumber('10.0.0.1'), addressNumber('::FFFF:a00:1'));
  assert.notEqual(addressNumber('10.0.0.1'), addressNumber('::10.0.0.1'));
  for (const text of ['', 'x', '1.2.3', '1.2.3.4.5', '::1::', 'fe80::1%lo', '1:2']) {
    assert.equal(addressNumber(text), undefined, text);
  }
});

test('hostile text is refused or has exactly one spelling, and never throws', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.stringMatching(/^[0-9a-f:.]{0,40}\/[0-9]{0,4}$/),
    fc.tuple(fc.ipV6(), fc.nat(130)).map(([address, length]) => `${address}/${length}`),
    fc.tuple(fc.ipV4(), fc.nat(34)).map(([address, length]) => `${address}/${length}`),
  );
  fc.assert(
    fc.property(text, (one) => {
      const network = parseNetwork(one);
      if (network === undefined) return;
      const [address = '', length = ''] = one.split('/');
      assert.equal(network.base, addressNumber(address));
      assert.equal(String(Number(length)), length);
      const name = sourceName({ kind: 'cidr', cidr: one });
      assert.match(name, /^cidr:[0-9a-f.:]{2,39}\/[0-9]{1,3}$/);
    }),
    { numRuns: 2_000 },
  );
});
