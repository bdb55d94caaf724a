import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeNameConstraints, encodeNameConstraints, permits } from '../../../src/pki/name_constraints.ts';

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));

test('what is written is read again, and permits what label by label comparison permits', () => {
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 40 }), name, (bases, host) => {
      const read = decodeNameConstraints(encodeNameConstraints(bases));
      assert.ok(read.ok, 'our own DER is read');
      assert.deepEqual(read.value, {
        permittedDns: bases,
        excludedDns: [],
        addresses: false,
        subjects: true,
      });
      const below = bases.some((base) => {
        const [mine, its] = [host.split('.').reverse(), base.split('.').reverse()];
        return its.every((part, index) => mine[index] === part);
      });
      assert.equal(permits(read.value, host, false), below);
      assert.equal(permits(read.value, '192.0.2.1', true), false);
    }),
  );
});

test('a name beside or above the permitted one is refused', () => {
  const read = decodeNameConstraints(encodeNameConstraints(['corp.example']));
  assert.ok(read.ok, 'our own DER is read');
  for (const host of ['corp.example', 'a.corp.example', 'b.a.corp.example']) {
    assert.ok(permits(read.value, host, false), host);
  }
  for (const host of ['example', 'xcorp.example', 'corp.example.org', 'corp']) {
    assert.ok(!permits(read.value, host, false), host);
  }
});

test('exclusions win, and an authority without constraints on addresses may vouch for them', () => {
  const constraints = {
    permittedDns: ['example'],
    excludedDns: ['secret.example'],
    addresses: true,
    subjects: true,
  };
  assert.equal(permits(constraints, 'a.example', false), true);
  assert.equal(permits(constraints, 'a.secret.example', false), false);
  assert.equal(permits(constraints, '192.0.2.1', true), true);
});

test('junk is refused or read, never thrown at', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const read = decodeNameConstraints(bytes);
      assert.equal(typeof read.ok, 'boolean');
    }),
    { numRuns: 500 },
  );
  const whole = encodeNameConstraints(['example.com']);
  for (let cut = 1; cut < whole.length; cut++) {
    assert.equal(decodeNameConstraints(whole.subarray(0, cut)).ok, false, `cut at ${cut}`);
  }
});
