import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatHostPattern, parseHostPattern } from '../../../../src/core/policy/hosts.ts';
import { parseHost } from '../../../../src/core/request/host.ts';

const spelled = (text: string) => {
  const pattern = parseHostPattern(text);
  return pattern.ok ? formatHostPattern(pattern.value) : pattern.problem.code;
};

describe('host patterns', () => {
  it('have one spelling', () => {
    for (const [text, expected] of [
      ['API.Example.COM', 'api.example.com'],
      ['bücher.example', 'xn--bcher-kva.example'],
      ['*.BÜCHER.example', '*.xn--bcher-kva.example'],
      ['faß.example', 'xn--fa-hia.example'],
      ['r3---sn.example.com', 'r3---sn.example.com'],
      ['192.0.2.1', '192.0.2.1'],
      ['2001:db8::1', '2001:db8::1'],
      ['localhost', 'localhost'],
      ['*.internal', '*.internal'],
      ['*.example.co.uk', '*.example.co.uk'],
      ['*.someone.github.io', '*.someone.github.io'],
    ] as const) {
      assert.equal(spelled(text), expected, text);
    }
  });
  it('are refused when they are not hosts', () => {
    for (const text of [
      '',
      '.',
      'a..b',
      '-a.example',
      'a-.example',
      'a b',
      'a@b',
      'xn--zz--.com',
      'xn--a',
      'a.example.',
      'a。',
      '::1%eth0',
      '[::1]',
      '1::2::3',
      '2001:0db8::1',
      '*.192.0.2.1',
      '**.example.com',
      '*a.example',
      'a/b',
      'a?b',
      'a:b',
      `${'a'.repeat(64)}.example`,
      `${'a.'.repeat(130)}example`,
    ]) {
      assert.equal(spelled(text), 'HOST_INVALID', text);
    }
  });
  it('are refused as numbers that are not canonical', () => {
    for (const text of [
      '127.1',
      '0x7f.1',
      '0177.0.0.1',
      '2130706433',
      '1.2.3.4.5',
      '256.1.1.1',
      'a.example.1',
      '１２７.1',
    ]) {
      assert.equal(spelled(text), 'HOST_NUMERIC', text);
    }
  });
  it('are refused as wildcards over unrelated owners', () => {
    for (const text of [
      '*.com',
      '*.co.uk',
      '*.github.io',
      '*.s3.amazonaws.com',
      '*.xn--p1ai',
      '*.рф',
      '*.foo.ck',
    ]) {
      assert.equal(spelled(text), 'HOST_PUBLIC_SUFFIX', text);
    }
    assert.equal(spelled('*'), 'HOST_BARE_WILDCARD');
    assert.equal(spelled('*.'), 'HOST_BARE_WILDCARD');
  });
  it('come out as hosts that requests can have, and stay as they are', () => {
    const text = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom('a', 'É', '.', '-', '1', 'ß', 'x') }),
    );
    fc.assert(
      fc.property(text, (host) => {
        const pattern = parseHostPattern(host);
        if (!pattern.ok || pattern.value.kind === 'wildcard') return;
        const found = pattern.value.host;
        const parsed = parseHost(found.includes(':') ? `[${found}]` : found);
        assert.ok(parsed.ok);
        assert.equal(parsed.value.host, found);
        assert.deepEqual(parseHostPattern(found), pattern);
      }),
      { numRuns: 300 },
    );
  });
});
