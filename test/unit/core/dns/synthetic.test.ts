import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type AddressBlock,
  parseAddressBlock,
  syntheticAddress,
} from '../../../../src/core/dns/synthetic.ts';

function block(text: string): AddressBlock {
  const parsed = parseAddressBlock(text);
  assert.ok(parsed, text);
  return parsed;
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  return (Buffer.from(bytes).toString('hex').match(/.{4}/g) ?? []).join(':');
}

const host = fc.stringMatching(/^[a-z0-9]{1,20}\.example$/);

test('an address of the block, never its first or last, always the same', () => {
  const prefixes = { ipv4: ['198.18.0.0', 32], ipv6: ['fd63:6761::', 128] } as const;
  fc.assert(
    fc.property(
      host,
      fc.constantFrom('ipv4' as const, 'ipv6' as const),
      fc.nat(17),
      (name, family, extra) => {
        const [network, bits] = prefixes[family];
        // 198.18.0.0 is the start of no block wider than /15.
        const length = Math.max(bits - 2 - extra, 15);
        const own = block(`${network}/${length}`);
        const bytes = syntheticAddress(own, name);
        const list = new BlockList();
        list.addSubnet(network, length, family);
        assert.ok(list.check(textOf(bytes), family), `${textOf(bytes)} is in the block`);
        const value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`) - own.base;
        assert.ok(value > 0n && value < own.size - 1n, 'neither network nor broadcast');
        assert.deepEqual(syntheticAddress(own, name), bytes);
      },
    ),
  );
});

test('the place is the hash of the name, as another implementation computes it', () => {
  const name = 'api.example';
  const digest = createHash('sha256').update(`clawgress/resolver-address/v1\0${name}`).digest('hex');
  const offset = 1n + (BigInt(`0x${digest.slice(0, 32)}`) % ((1n << 17n) - 2n));
  const four = BigInt(`0x${Buffer.from(syntheticAddress(block('198.18.0.0/15'), name)).toString('hex')}`);
  assert.equal(four, (198n << 24n) + (18n << 16n) + offset);
});

test('most names have an address of their own', () => {
  const names = Array.from({ length: 1_000 }, (_, index) => `host-${index}.example`);
  const distinct = (text: string) =>
    new Set(names.map((name) => textOf(syntheticAddress(block(text), name)))).size;
  assert.ok(distinct('198.18.0.0/15') > 980, 'a thousand names in 131070 places');
  assert.equal(distinct('fd63:6761::/64'), 1_000);
});

test('blocks of one or two addresses have no first and last', () => {
  assert.equal(textOf(syntheticAddress(block('10.0.0.1/32'), 'a.example')), '10.0.0.1');
  assert.match(textOf(syntheticAddress(block('10.0.0.2/31'), 'a.example')), /^10\.0\.0\.[23]$/);
});

test('what is no block is refused', () => {
  const wrong = [
    '',
    '198.18.0.0',
    '198.18.0.0/33',
    '198.18.0.1/15',
    '198.18.0.0/015',
    '198.18.0.0/15/1',
    '::/129',
  ];
  for (const text of [
    ...wrong,
    'fd63::1/64',
    '[fd63::]/64',
    'a.example/8',
    '0x7f.0.0.0/8',
    '198.18/15',
    ' 10.0.0.0/8',
  ])
    assert.equal(parseAddressBlock(text), undefined, text);
});
