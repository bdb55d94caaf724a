import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isIP, SocketAddress } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatAuthority,
  isOwnMachine,
  parseAuthority,
  parseHost,
} from '../../../../src/core/request/host.ts';
import { formatIpv6, parseIpv6 } from '../../../../src/core/request/ipv6.ts';

interface Row {
  raw: string;
  host?: string;
  host_kind?: string;
  port?: number;
  problem?: string;
  why: string;
}
const table = new URL('../../../vectors/normalise/authorities.json', import.meta.url);
const rows: Row[] = JSON.parse(readFileSync(table, 'utf8'));

for (const { raw, why, problem, ...value } of rows) {
  test(`authority ${raw.slice(0, 40)}: ${why}`, () => {
    const expected = problem ? { ok: false, problem } : { ok: true, value };
    assert.deepEqual(parseAuthority(raw), expected);
  });
}

// Node's URL is the other reader: what it takes for an address, we either take for the same address or refuse.
const hostText = fc
  .array(
    fc.constantFrom('0', '1', '7', '255', '0x', '0x7f', 'f', '.', '.', '-', 'xn--', 'a', 'Z', '_', ':', '%'),
    {
      maxLength: 9,
    },
  )
  .map((parts) => parts.join(''));

test('never disagrees with the URL standard about what a host is', () => {
  fc.assert(
    fc.property(hostText, (text) => {
      const ours = parseHost(text);
      if (!ours.ok) return;
      const url = `http://${text}/`;
      // The URL parser also decodes punycode and may refuse a label that only the compiler can judge.
      if (!URL.canParse(url)) return assert.match(text.toLowerCase(), /xn--/);
      assert.equal(new URL(url).hostname, ours.value.host);
      assert.equal(ours.value.host_kind, isIP(ours.value.host) === 4 ? 'ipv4' : 'name');
    }),
    { numRuns: 5_000 },
  );
});

const word = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.integer({ min: 0, max: 0xffff }));
const words = fc.array(word, { minLength: 8, maxLength: 8 });

test('IPv6 text survives the way through the system formatter and back', () => {
  fc.assert(
    fc.property(words, (address) => {
      const long = address.map((group) => group.toString(16).padStart(4, '0')).join(':');
      const text = formatIpv6(address);
      assert.deepEqual(parseIpv6(text), address);
      assert.deepEqual(parseIpv6(long), address);
      const system = new SocketAddress({ address: long, family: 'ipv6' }).address;
      assert.deepEqual(parseIpv6(system), address);
      // The system also writes the deprecated IPv4-compatible addresses in mixed form.
      if (!system.includes('.') || system.startsWith('::ffff:')) assert.equal(text, system);
    }),
  );
});

test('IPv6 parsing accepts exactly what the system accepts', () => {
  const part = fc.constantFrom(':', '::', '0', '1', 'ffff', '00001', '1.2.3.4', 'g', '%1');
  const text = fc.array(part, { maxLength: 17 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (address) => {
      const system = isIP(address) === 6 && !address.includes('%');
      assert.equal(parseIpv6(address) !== undefined, system, address);
    }),
    { numRuns: 5_000 },
  );
});

test('formatting an authority gives back the same authority', () => {
  for (const { raw, problem } of rows) {
    if (problem) continue;
    const parsed = parseAuthority(raw);
    assert.ok(parsed.ok);
    const again = parseAuthority(formatAuthority(parsed.value, parsed.value.port ?? 443, 443));
    assert.ok(again.ok);
    assert.deepEqual({ port: 443, ...again.value }, { port: 443, ...parsed.value });
  }
});

test('knows the names and addresses of this machine', () => {
  const own = [
    'localhost',
    'a.localhost',
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
  ];
  const other = ['localhost.example', '128.0.0.1', '10.0.0.1', '[::2]', '[::ffff:10.0.0.1]', '[1::1]'];
  const verdict = (text: string) => {
    const host = parseHost(text);
    return host.ok && isOwnMachine(host.value);
  };
  assert.deepEqual(own.filter(verdict), own);
  assert.deepEqual(other.filter(verdict), []);
});
