import fc from 'fast-check';

interface Frame {
  readonly first: number;
  readonly masked: boolean;
  readonly payload: Uint8Array;
  readonly width: 0 | 2 | 8;
}

/** The wire form, with whatever mistakes are in it. */
export function frameBytes({ first, masked, payload, width }: Frame): Uint8Array {
  const length = payload.length;
  const long = Buffer.alloc(8);
  long.writeBigUInt64BE(BigInt(length));
  const fit = length > 65_535 ? 8 : length > 125 && width === 0 ? 2 : width;
  const short = fit === 0 ? length : fit === 2 ? 126 : 127;
  const mask = [0x37, 0xfa, 0x21, 0x3d];
  return Uint8Array.from([
    first,
    short | (masked ? 0x80 : 0),
    ...(fit === 0 ? [] : long.subarray(8 - fit)),
    ...(masked ? mask : []),
    ...payload.map((byte, i) => (masked ? byte ^ (mask[i % 4] ?? 0) : byte)),
  ]);
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => Buffer.from(value));
const closing = fc
  .tuple(fc.constantFrom(1000, 1001, 1005, 1006, 1011, 1014, 1015, 999, 2999, 3000, 4999, 5000), text)
  .map(([code, reason]) => Buffer.from([code >> 8, code & 255, ...reason]));
const payload = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 1, arbitrary: closing },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 20 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 124, maxLength: 130 }) },
);
const goodFirst = fc.constantFrom(0x81, 0x82, 0x01, 0x02, 0x80, 0x00, 0x89, 0x8a);

/** Streams that mostly keep the rules: random bytes alone would never get behind the first header. */
export const streams = (sender: 'client' | 'server'): fc.Arbitrary<Uint8Array> => {
  const frame = fc.record({
    first: fc.oneof(
      { weight: 9, arbitrary: goodFirst },
      { weight: 1, arbitrary: fc.constant(0x88) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
    ),
    masked: fc.oneof(
      { weight: 15, arbitrary: fc.constant(sender === 'client') },
      { weight: 1, arbitrary: fc.boolean() },
    ),
    payload,
    width: fc.oneof(
      { weight: 15, arbitrary: fc.constant(0 as const) },
      { weight: 1, arbitrary: fc.constantFrom(2 as const, 8 as const) },
    ),
  });
  return fc
    .tuple(fc.array(frame, { maxLength: 8 }), fc.uint8Array({ maxLength: 3 }))
    .map(([frames, tail]) => Uint8Array.from([...frames.flatMap((one) => [...frameBytes(one)]), ...tail]));
};
