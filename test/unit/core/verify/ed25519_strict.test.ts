import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { isStrictPublicKey, isStrictSignature } from '../../../../src/core/verify/ed25519_strict.ts';
import { testKey } from '../../../support/evidence_keys.ts';

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * power(121666n, P - 2n));

function mod(n: bigint): bigint {
  return ((n % P) + P) % P;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = mod(base);
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

const littleEndian = (n: bigint): Buffer => Buffer.from(n.toString(16).padStart(64, '0'), 'hex').reverse();

type Point = readonly [bigint, bigint];

/** Affine addition on -x^2 + y^2 = 1 + d x^2 y^2. */
function add([x1, y1]: Point, [x2, y2]: Point): Point {
  const product = mod(D * x1 * x2 * y1 * y2);
  return [
    mod((x1 * y2 + x2 * y1) * power(1n + product, P - 2n)),
    mod((y1 * y2 + x1 * x2) * power(1n - product, P - 2n)),
  ];
}

function isTorsion(point: Point): boolean {
  let eightfold = point;
  for (let i = 0; i < 3; i += 1) eightfold = add(eightfold, eightfold);
  return eightfold[0] === 0n && eightfold[1] === 1n;
}

/** x of a y, or undefined when there is no such point (RFC 8032 section 5.1.3). */
function xOf(y: bigint): bigint | undefined {
  const square = mod((y * y - 1n) * power(D * y * y + 1n, P - 2n));
  const root = power(square, (P + 3n) / 8n);
  for (const x of [root, mod(root * power(2n, (P - 1n) / 4n))]) if (mod(x * x) === square) return x;
  return undefined;
}

test('every point of small order is refused, with either sign; the curve arithmetic is our own', () => {
  // Walk the torsion: 8-fold multiples of nothing are found by adding a point of order 8 to itself.
  const y8 = [...Array(2).keys()].map((i) =>
    BigInt(
      `0x${Buffer.from(
        [
          '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
          'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
        ][i] ?? '',
        'hex',
      )
        .reverse()
        .toString('hex')}`,
    ),
  );
  const seen = new Set<string>();
  for (const y of y8) {
    const start: Point = [xOf(y) ?? 0n, y];
    assert.ok(isTorsion(start));
    for (let i = 0, point: Point = [0n, 1n]; i < 8; i += 1, point = add(point, start)) {
      const encoded = littleEndian(point[1]);
      encoded[31] = (encoded[31] ?? 0) | (point[0] & 1n ? 0x80 : 0);
      seen.add(encoded.toString('hex'));
      assert.equal(isStrictPublicKey(encoded), false);
    }
  }
  assert.equal(seen.size, 8);
});

test('y must be below p', () => {
  for (let k = 0n; k < 19n; k += 1n) {
    const encoded = littleEndian(P + k);
    assert.equal(isStrictPublicKey(encoded), false);
    encoded[31] = (encoded[31] ?? 0) | 0x80;
    assert.equal(isStrictPublicKey(encoded), false);
  }
  assert.equal(isStrictPublicKey(littleEndian(P - 2n)), true);
  assert.equal(isStrictPublicKey(Buffer.alloc(31)), false);
  assert.equal(isStrictPublicKey(Buffer.alloc(33, 9)), false);
});

test('S must be below L: the second spelling of a good signature is refused', () => {
  const { sign } = testKey('x');
  const signature = sign(Buffer.from('message'));
  assert.ok(isStrictSignature(signature));
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`);
  const second = Buffer.concat([signature.subarray(0, 32), littleEndian(s + L)]);
  assert.equal(isStrictSignature(second), false);
  assert.equal(isStrictSignature(Buffer.concat([signature.subarray(0, 32), littleEndian(L)])), false);
  assert.equal(isStrictSignature(Buffer.concat([signature.subarray(0, 32), littleEndian(L - 1n)])), true);
  assert.equal(isStrictSignature(signature.subarray(1)), false);
});

test('real keys pass and stay as they are, and a key that a library lets through is still refused', () => {
  for (let i = 0; i < 20; i += 1) {
    const { raw } = testKey(`key ${i}`);
    const before = Buffer.from(raw).toString('hex');
    assert.ok(isStrictPublicKey(raw));
    assert.equal(raw.toString('hex'), before);
  }
  // A = identity, R = identity, S = 0 fits every message; whether the platform takes it is not up to us.
  const identity = littleEndian(1n);
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), identity]);
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const platform = verify(null, Buffer.from('any'), key, Buffer.concat([identity, Buffer.alloc(32)]));
  assert.equal(typeof platform, 'boolean');
  assert.equal(isStrictPublicKey(identity), false);
});
