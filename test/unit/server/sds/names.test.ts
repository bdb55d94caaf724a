import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalName } from '../../../../src/server/sds/names.ts';

test('names and addresses as clients say them, capitals included', () => {
  const taken: readonly (readonly [string, string])[] = [
    ['api.example.com', 'api.example.com'],
    ['API.Example.com', 'api.example.com'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['localhost', 'localhost'],
    ['192.0.2.1', '192.0.2.1'],
    ['[2001:db8::1]', '[2001:db8::1]'],
  ];
  for (const [asked, canonical] of taken) assert.equal(canonicalName(asked), canonical, asked);
});

test('everything else is no name', () => {
  const refused = [
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a_b.example',
    '*.example.com',
    'a b',
    'a:443',
    'a/b',
    'a@b',
    'bücher.example',
  ];
  refused.push(
    '2130706433',
    '0x7f.1',
    '127.1',
    '192.0.2.01',
    '2001:db8::1',
    '[2001:DB8:0::1]',
    '[::1%eth0]',
    '[]',
    'a'.repeat(64),
  );
  refused.push(
    `${'a.'.repeat(127)}a`,
    '\u212A.example',
    'a\u0000.example',
    'a\n.example',
    '-a.example',
    'xn--.example',
  );
  for (const asked of refused) assert.equal(canonicalName(asked), undefined, JSON.stringify(asked));
});

test('what is taken is lower-case ASCII, has no way out of a name, and is taken again as it is', () => {
  const label = fc.stringMatching(/^[A-Za-z0-9_*-]{0,10}$/);
  const almost = fc.array(label, { maxLength: 5 }).map((labels) => labels.join('.'));
  fc.assert(
    fc.property(
      fc.oneof(almost, fc.string(), fc.string({ unit: 'binary' }), fc.ipV4(), fc.ipV6()),
      (asked) => {
        const name = canonicalName(asked);
        if (name === undefined) return;
        assert.match(name, /^(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]+\])$/);
        assert.equal(name, asked.toLowerCase());
        assert.equal(canonicalName(name), name);
      },
    ),
    { numRuns: 2_000 },
  );
});
