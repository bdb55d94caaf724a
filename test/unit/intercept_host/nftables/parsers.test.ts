import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAllowance } from '../../../../src/intercept_host/nftables/allowance.ts';
import { holdsId, mergeIdRanges, parseIdRange } from '../../../../src/intercept_host/nftables/id_range.ts';
import { parseInterfaceName } from '../../../../src/intercept_host/nftables/interface_name.ts';
import { parseNetwork } from '../../../../src/intercept_host/nftables/network.ts';

const anyId = fc.nat(4_294_967_294);
/** Text near the grammars, so that the accepting branches are reached, and anything else. */
const nearly = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'0129-.:/[]%abcdef tcpud;"{}*\n') }),
  fc.string(),
  fc.ipV4(),
  fc.ipV6(),
);
/** What a word in a rule may consist of; nothing here can end a statement, a string, a set or a line. */
const HARMLESS = /^[0-9A-Za-z.:/_-]+$/;

test('an id range is exactly two plain numbers in order', () => {
  fc.assert(
    fc.property(anyId, anyId, (a, b) => {
      const parsed = parseIdRange(`${a}-${b}`);
      assert.deepEqual(parsed, a <= b ? { first: a, last: b } : undefined);
      assert.deepEqual(parseIdRange(String(a)), { first: a, last: a });
    }),
  );
  for (const text of [
    '',
    '-',
    '1-',
    '-1',
    '01',
    '1-02',
    '1 ',
    '1\n',
    '1;',
    '0x10',
    '1e3',
    '4294967295',
    '1-2-3',
    '１',
  ]) {
    assert.equal(parseIdRange(text), undefined, JSON.stringify(text));
  }
});

test('merged ranges hold the same ids and never touch', () => {
  const small = fc.tuple(fc.nat(40), fc.nat(8)).map(([first, more]) => ({ first, last: first + more }));
  fc.assert(
    fc.property(fc.array(small, { maxLength: 8 }), (ranges) => {
      const merged = mergeIdRanges(ranges);
      for (let id = 0; id <= 50; id += 1) {
        const isHeld = ranges.some(({ first, last }) => id >= first && id <= last);
        assert.equal(holdsId(merged, id), isHeld);
      }
      for (const [index, { first }] of merged.slice(1).entries()) {
        assert.ok(first > (merged[index]?.last ?? 0) + 1, 'there is a gap between two ranges');
      }
    }),
  );
});

test('a network is what a naive reader of its bits says', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 10, 128, 255), { minLength: 4, maxLength: 4 }),
      fc.nat(34),
      (octets, length) => {
        const bits = octets.map((octet) => octet.toString(2).padStart(8, '0')).join('');
        const isGood = length <= 32 && !bits.slice(length).includes('1');
        const parsed = parseNetwork(`${octets.join('.')}/${length}`);
        assert.equal(parsed !== undefined, isGood);
        if (isGood) assert.equal(parsed?.prefix, length);
      },
    ),
  );
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 1, 0x8000, 0xffff), { minLength: 8, maxLength: 8 }),
      fc.nat(130),
      (words, length) => {
        const bits = words.map((word) => word.toString(2).padStart(16, '0')).join('');
        const isGood = length <= 128 && !bits.slice(length).includes('1');
        const parsed = parseNetwork(`${words.map((word) => word.toString(16)).join(':')}/${length}`);
        assert.equal(parsed !== undefined, isGood);
      },
    ),
  );
});

test('networks have one spelling, and parsing it again changes nothing', () => {
  for (const [text, spelled] of [
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3/32', '10.1.2.3'],
    ['FD00:0:0::/8', 'fd00::/8'],
    ['fd00::53/128', 'fd00::53'],
    ['::/0', '::/0'],
  ] as const) {
    assert.equal(parseNetwork(text)?.text, spelled);
    assert.equal(parseNetwork(spelled)?.text, spelled);
  }
  for (const text of [
    '010.0.0.1',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.1/8',
    'fe80::1%eth0',
    '::1%lo;',
    '1.2.3.4/',
    '/8',
    '10.0.0.0/08',
    '10.0.0.0/8 ',
    '::/129',
  ]) {
    assert.equal(parseNetwork(text), undefined, text);
  }
});

test('an interface is named by harmless letters', () => {
  for (const name of ['eth0', 'br-1a2b3c4d5e6f', 'veth1.100', 'a'])
    assert.equal(parseInterfaceName(name), name);
  for (const name of [
    '',
    'lo',
    'eth*',
    'eth0"',
    'a b',
    'x;y',
    '-a',
    '.',
    '..',
    'sixteen_letters_',
    'é',
    'eth0\n',
    '{',
    '@set',
    '$x',
  ]) {
    assert.equal(parseInterfaceName(name), undefined, JSON.stringify(name));
  }
});

test('an allowed place names protocol, address and port, and never everything', () => {
  assert.deepEqual(parseAllowance('tcp:10.1.0.0/16:443'), {
    protocol: 'tcp',
    network: { family: 4, prefix: 16, text: '10.1.0.0/16' },
    port: 443,
  });
  assert.equal(parseAllowance('udp:[FD00::53]:53')?.network.text, 'fd00::53');
  for (const text of [
    'tcp:0.0.0.0/0:443',
    'tcp:[::/0]:443',
    'tcp:10.0.0.1:0',
    'tcp:10.0.0.1:65536',
    'tcp:10.0.0.1',
    'tcp:fd00::1:443',
    'tcp:[10.0.0.1]:443',
    'sctp:10.0.0.1:1',
    'tcp:example.com:443',
    'tcp:10.0.0.1:443 accept',
    'tcp:10.0.0.1:443\n',
    'TCP:10.0.0.1:443',
  ]) {
    assert.equal(parseAllowance(text), undefined, text);
  }
});

test('whatever a parser accepts is harmless in a rule', () => {
  fc.assert(
    fc.property(nearly, (text) => {
      const id = parseIdRange(text);
      if (id !== undefined) assert.match(text, /^\d+(-\d+)?$/);
      const name = parseInterfaceName(text);
      if (name !== undefined) assert.match(name, HARMLESS);
      const network = parseNetwork(text);
      if (network !== undefined) {
        assert.match(network.text, HARMLESS);
        assert.notEqual(isIP(network.text.split('/')[0] ?? ''), 0);
      }
      const place = parseAllowance(text);
      if (place !== undefined) assert.match(place.network.text, HARMLESS);
    }),
    { numRuns: 2_000 },
  );
});
