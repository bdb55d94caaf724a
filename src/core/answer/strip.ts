import { JSON_LIMITS } from '../body/json_limits.ts';
import { JsonReader } from '../body/json_reader.ts';
import { joinBytes } from '../canonical/bytes.ts';
import { type Removed, StripLocator, stripTree } from './strip_locator.ts';

export interface Stripped {
  readonly bytes: Uint8Array;
  /** Pointer of the first member that was taken out. */
  readonly pointer: string;
}

const COMMA = 0x2c;
const SPACES = [0x20, 0x09, 0x0a, 0x0d];

/**
 * A JSON text without the members and elements at the pointers (RFC 6901, as the text came). Of each its own bytes and one
 * comma go; every other byte stays as it was, white space included. Undefined: none of them is there. The text must be
 * strict JSON; the empty pointer finds nothing.
 */
export function strip(bytes: Uint8Array, pointers: readonly string[]): Stripped | undefined {
  const locator = new StripLocator(stripTree(pointers));
  const limits = { ...JSON_LIMITS, bytesMax: bytes.length, numbers: 'any' } as const;
  const reader = new JsonReader(limits, locator);
  if ((reader.feed(bytes) ?? reader.end()) !== undefined) throw new Error('stripped text is no JSON');
  const [first] = locator.removed;
  if (first === undefined) return undefined;
  const cuts = locator.removed.flatMap((one) => cutsOf(bytes, one));
  cuts.sort(([a], [b]) => a - b);
  return { bytes: without(bytes, cuts), pointer: first.pointer };
}

/** What is behind the last one that stays takes the comma in front of it, everything else the one behind it. */
function cutsOf(bytes: Uint8Array, { from, to, comma }: Removed): readonly (readonly [number, number])[] {
  const step = comma === 'before' ? -1 : 1;
  if (comma === 'none') return [[from, to]];
  let at = comma === 'before' ? from - 1 : to;
  while (SPACES.includes(bytes[at] ?? COMMA)) at += step;
  if (bytes[at] !== COMMA) throw new Error('no comma beside a member');
  return [
    [from, to],
    [at, at + 1],
  ];
}

function without(bytes: Uint8Array, cuts: readonly (readonly [from: number, to: number])[]): Uint8Array {
  const kept: Uint8Array[] = [];
  let at = 0;
  for (const [from, to] of cuts) {
    kept.push(bytes.subarray(at, from));
    at = to;
  }
  return joinBytes([...kept, bytes.subarray(at)]);
}
