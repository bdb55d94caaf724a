import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { PRICES_DIGEST, readPrices } from '../../../../src/core/ai/prices.ts';
import type { AnswerJob, AnswerParts, AnswerStep } from '../../../../src/core/answer/answer_job.ts';
import { openAnswer } from '../../../../src/core/answer/open_answer.ts';
import type { ResponseDemands } from '../../../../src/core/contract/demands.ts';
import { INSPECTION } from '../../../../src/core/receipt/inspection_fields.ts';
import { checkFields } from '../../../../src/core/receipt/parse_record.ts';
import { newDigest } from '../../../../src/inspect/rolling_digest.ts';

const PRICES = readPrices(
  readFileSync(new URL('../../../../src/core/ai/prices.json', import.meta.url)),
  PRICES_DIGEST,
);
if (!PRICES.ok) throw new Error('the list of prices cannot be read');

/** `sha256:no` is a schema that nothing honours, `sha256:flat` one of objects without a member `bad`. */
export const PARTS: AnswerParts = {
  newDigest,
  prices: PRICES.value,
  checkSchema: (hash, value) => {
    if (hash === 'sha256:no') return { pointer: '' };
    const isFlat = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isFlat) return { pointer: '' };
    return Object.hasOwn(value, 'bad') ? { pointer: '/bad' } : undefined;
  },
};

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
export const sha = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

export const DEMANDS: ResponseDemands = { inspect: 'auto', max_bytes: 1_000_000, on_violation: 'block' };

type Kind = Partial<Omit<AnswerJob, 'demands'>> & {
  readonly demands?: Partial<ResponseDemands>;
  readonly type?: string;
};

export function jobOf({ demands, type, ...more }: Kind): AnswerJob {
  const headers = type === undefined ? [] : [{ name: 'Content-Type', value: type }];
  return { demands: { ...DEMANDS, ...demands }, status: 200, headers, receipt_id: 'rid-1', ...more };
}

const KEPT = [
  'part',
  'state',
  'index',
  'format',
  'bytes_in',
  'bytes_out',
  'digest_in',
  'digest_out',
  'events',
];
const TOLD = ['problem', 'model', 'usage', 'cost_micro_usd', 'tool_calls'];
const TABLE = Object.fromEntries(
  Object.entries(INSPECTION).filter(([name]) => [...KEPT, ...TOLD].includes(name)),
);

/** All that is found must fit a record, whatever an upstream sends. */
function recorded(facts: AnswerStep['facts']): AnswerStep['facts'] {
  for (const one of facts) assert.equal(checkFields(TABLE, one), undefined, JSON.stringify(one));
  return facts;
}

export interface Run {
  readonly way: string;
  readonly forward: Uint8Array;
  readonly facts: AnswerStep['facts'];
  readonly end: AnswerStep['end'];
}

/** Feeds all pieces; the last one is the last unless the answer is aborted. */
export function run(
  job: AnswerJob,
  pieces: readonly (Uint8Array | string)[],
  { abort, clock = () => 0 }: { abort?: 'client' | 'upstream'; clock?: (piece: number) => number } = {},
): Run {
  const answer = openAnswer(job, PARTS);
  const steps = pieces.map((piece, i): AnswerStep => {
    const bytes = typeof piece === 'string' ? bytesOf(piece) : Uint8Array.from(piece);
    const step = answer.feed(bytes, abort === undefined && i === pieces.length - 1, clock(i));
    const { forward } = step;
    const kept = { ...step, forward: Uint8Array.from(forward) };
    // Whoever feeds uses its buffer again.
    bytes.fill(0x3f);
    return kept;
  });
  if (abort !== undefined) steps.push(answer.abort(abort));
  return {
    way: answer.way,
    forward: Buffer.concat(steps.map(({ forward }) => forward)),
    facts: recorded(steps.flatMap(({ facts }) => facts)),
    end: steps.find(({ end }) => end !== undefined)?.end,
  };
}

/** The bytes in pieces of any length, empty ones among them. */
export function cutsOf(bytes: Uint8Array): fc.Arbitrary<readonly Uint8Array[]> {
  return fc.array(fc.nat(bytes.length), { maxLength: 12 }).map((places) => {
    const borders = [0, ...places.sort((a, b) => a - b), bytes.length];
    return borders.slice(1).map((to, i) => bytes.subarray(borders[i], to));
  });
}

export const singles = (bytes: Uint8Array): readonly Uint8Array[] =>
  Array.from(bytes, (byte) => Uint8Array.of(byte));
