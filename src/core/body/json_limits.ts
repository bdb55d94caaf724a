/**
 * What numbers may be. `any`: whatever does not overflow to infinity. `double`: neither vanish to zero, nor be an
 * integer beyond +-(2^53-1), nor have more than 17 significant digits. `exact`: also read back with the same digits.
 */
export type NumberRule = 'any' | 'double' | 'exact';

/** Bounds of one JSON text; counts are inclusive and at least 1. */
export interface JsonLimits {
  readonly bytesMax: number;
  /** Objects and arrays open at the same time. */
  readonly depthMax: number;
  /** Bytes between the quotes, as they are written. */
  readonly keyBytesMax: number;
  readonly stringBytesMax: number;
  readonly numberBytesMax: number;
  /** Of one object. */
  readonly membersMax: number;
  /** Of one array. */
  readonly elementsMax: number;
  /** Memory for the names of all open objects: two bytes for each UTF-16 unit and NAME_OVERHEAD_BYTES for each name. */
  readonly namesBytesMax: number;
  readonly numbers: NumberRule;
  /** `allow` is for texts that nobody acts upon: two parsers may see two different values. */
  readonly duplicateKeys: 'refuse' | 'allow';
  /** Decoded names that no object may have. */
  readonly forbiddenKeys: readonly string[];
}

const MIB = 1_048_576;

export const JSON_LIMITS: JsonLimits = {
  bytesMax: 16 * MIB,
  depthMax: 64,
  keyBytesMax: 1_024,
  stringBytesMax: 16 * MIB,
  numberBytesMax: 128,
  membersMax: 10_000,
  elementsMax: 1_000_000,
  namesBytesMax: 2 * MIB,
  numbers: 'double',
  duplicateKeys: 'refuse',
  forbiddenKeys: ['__proto__'],
};
