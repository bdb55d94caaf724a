import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Cidr, formatCidr, parseCidr, subtractCidrs } from '../../../../src/intercept/config/cidr.ts';
import { REFUSED_RANGES, refusedRanges } from '../../../../src/intercept/config/refused_ranges.ts';

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

const text = (block: Cidr): string => `${formatCidr(block).address_prefix}/${formatCidr(block).prefix_len}`;

describe('parseCidr', () => {
  it('keeps what it reads', () => {
    for (const same of [
      '0.0.0.0/0',
      '10.0.0.0/8',
      '127.83.1.2/32',
      '::/0',
      'fc00::/7',
      '64:ff9b:1::/48',
      '2001:db8::1/128',
      '1:0:0:2::/64',
    ])
      assert.equal(text(cidr(same)), same);
    assert.equal(text(cidr('127.0.0.1')), '127.0.0.1/32');
    assert.equal(text(cidr('::ffff:1.2.3.4')), '::ffff:102:304/128');
    assert.equal(text(cidr('FE80:0:0:0:0:0:0:0/10')), 'fe80::/10');
  });

  it('refuses what is not a block', () => {
    const bad = [
      '',
      '/',
      '10.0.0.0/',
      '10.0.0.0/33',
      '::/129',
      '10.0.0/8',
      '010.0.0.0/8',
      '10.0.0.0/08',
      '10.0.0.0/-1',
      'fe80::1%lo/128',
      ' 10.0.0.0/8',
      '10.0.0.0/8/8',
      'example.com',
      '0x0a.0.0.0/8',
    ];
    for (const one of bad) assert.deepEqual(parseCidr(one), { ok: false, problem: 'CIDR_SYNTAX' }, one);
  });

  it('refuses bits beyond the length', () => {
    for (const one of ['10.0.0.1/8', '::1/127', '0.0.0.1/0'])
      assert.deepEqual(parseCidr(one), { ok: false, problem: 'CIDR_HOST_BITS' });
  });
});

/** Small blocks inside one /26 (or /122), so that every address can be asked. */
const block = (family: 4 | 6): fc.Arbitrary<Cidr> =>
  fc
    .record({ bits: fc.integer({ min: 0, max: 6 }), at: fc.integer({ min: 0, max: 63 }) })
    .map(({ bits, at }) => {
      const wide = family === 4 ? 32 : 128;
      const origin = family === 4 ? 0x0a_00_00_00n : 0xfd00n << 112n;
      return { family, base: origin + BigInt((at >> bits) << bits), prefix: wide - bits };
    });

const inside = (block: Cidr, address: bigint): boolean => {
  const shift = BigInt((block.family === 4 ? 32 : 128) - block.prefix);
  return address >> shift === block.base >> shift;
};

describe('subtractCidrs', () => {
  for (const family of [4, 6] as const) {
    it(`covers exactly the rest, IPv${family}`, () => {
      fc.assert(
        fc.property(
          fc.array(block(family), { maxLength: 4 }),
          fc.array(block(family), { maxLength: 4 }),
          (from, remove) => {
            const rest = subtractCidrs(from, remove);
            const origin = family === 4 ? 0x0a_00_00_00n : 0xfd00n << 112n;
            for (let i = 0n; i < 64n; i++) {
              const address = origin + i;
              const expected =
                from.some((one) => inside(one, address)) && !remove.some((one) => inside(one, address));
              assert.equal(
                rest.some((one) => inside(one, address)),
                expected,
              );
            }
          },
        ),
      );
    });
  }

  it('keeps the families apart', () => {
    assert.deepEqual(subtractCidrs([cidr('::/0')], [cidr('0.0.0.0/0')]), [cidr('::/0')]);
  });

  it('cuts one address out of a large block with one piece per level', () => {
    const rest = subtractCidrs([cidr('127.0.0.0/8')], [cidr('127.83.1.2/32')]);
    assert.equal(rest.length, 24);
    assert.equal(subtractCidrs([cidr('::/96')], [cidr('::1')]).length, 32);
  });
});

describe('refused ranges', () => {
  // One list per family: a BlockList reads ::ffff:0:0/96 as all of IPv4.
  const covers = (allow: readonly string[]) => {
    const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
    for (const one of refusedRanges(allow)) {
      const { address_prefix, prefix_len } = formatCidr(one);
      const type = one.family === 4 ? 'ipv4' : 'ipv6';
      lists[type].addSubnet(address_prefix, prefix_len, type);
    }
    return { check: (address: string, type: 'ipv4' | 'ipv6') => lists[type].check(address, type) };
  };

  it('refuses this host, its networks, metadata services and IPv4 in disguise', () => {
    const list = covers([]);
    for (const v4 of [
      '127.0.0.1',
      '10.1.2.3',
      '169.254.169.254',
      '172.31.0.1',
      '192.168.1.1',
      '100.100.100.200',
      '0.0.0.0',
      '224.0.0.1',
      '255.255.255.255',
      '168.63.129.16',
      '192.0.0.192',
    ])
      assert.ok(list.check(v4, 'ipv4'), v4);
    for (const v6 of [
      '::1',
      '::',
      'fe80::1',
      'fd00:ec2::254',
      'ff02::1',
      '64:ff9b::7f00:1',
      '64:ff9b:1::1',
      '2002:7f00:1::',
      '2001::1',
      'fec0::1',
      '100::1',
    ])
      assert.ok(list.check(v6, 'ipv6'), v6);
    for (const open of ['1.1.1.1', '172.32.0.1', '192.0.1.1', '168.63.129.17', '223.255.255.255'])
      assert.ok(!list.check(open, 'ipv4'), open);
    for (const open of ['2606:4700::1111', '2001:4860:4860::8888', '64:ff9c::1'])
      assert.ok(!list.check(open, 'ipv6'), open);
  });

  it('lets the listed blocks through and nothing beside them', () => {
    const list = covers(['127.83.1.2/32', 'fd00:1::/32']);
    assert.ok(!list.check('127.83.1.2', 'ipv4'));
    for (const v4 of ['127.83.1.1', '127.83.1.3', '127.0.0.1', '127.83.0.2'])
      assert.ok(list.check(v4, 'ipv4'), v4);
    assert.ok(!list.check('fd00:1::5', 'ipv6'));
    assert.ok(list.check('fd00:2::5', 'ipv6'));
  });

  it('says which setting is wrong', () => {
    assert.throws(() => refusedRanges(['10.0.0.1/8']), /upstream\.allow_cidrs: "10\.0\.0\.1\/8".*zero/);
    assert.throws(() => refusedRanges(Array.from({ length: 65 }, () => '10.0.0.0/8')), /more than 64/);
  });

  it('is written canonically', () => {
    for (const range of REFUSED_RANGES) assert.equal(text(cidr(range)), range);
  });
});
