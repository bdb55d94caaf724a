import { readFileSync } from 'node:fs';
import { PRICES_DIGEST, type PriceTable, readPrices } from '../../../src/core/ai/prices.ts';
import { compileSchema } from '../../../src/core/schema/compile_schema.ts';
import type { Draft } from '../../../src/core/schema/keywords.ts';
import type { SchemaOf } from '../../../src/inspect/honours.ts';
import type { WholeJob } from '../../../src/inspect/jobs.ts';
import type { Desk } from '../../../src/inspect/read_request.ts';

const PRICES = new URL('../../../src/core/ai/prices.json', import.meta.url);

export function prices(): PriceTable {
  const table = readPrices(readFileSync(PRICES), PRICES_DIGEST);
  if (!table.ok) throw new Error(table.problem);
  return table.value;
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
export const hashOf = (letter: string): string => `sha256:${letter.repeat(64)}`;

export type Texts = Readonly<Record<string, object | boolean>>;

/** Schemas by one letter, as threads hold them. */
export function schemasOf(texts: Texts, draft: Draft = '2020-12'): SchemaOf {
  const compiled = new Map(
    Object.entries(texts).map(([letter, schema]) => {
      const result = compileSchema(draft, JSON.stringify(schema));
      if (!result.ok) throw new Error(result.problem.message);
      return [hashOf(letter), result.value];
    }),
  );
  return (hash) => compiled.get(hash);
}

export function deskOf(texts: Texts = {}): Desk {
  return { prices: prices(), schemaOf: schemasOf(texts) };
}

export interface JobParts {
  readonly type?: string | undefined;
  readonly headers?: WholeJob['headers'];
  readonly request?: Partial<WholeJob['request']>;
  readonly demands?: Partial<WholeJob['demands']>;
}

/** A body of JSON to a host that nobody knows. */
export function jobOf(
  body: string | Uint8Array,
  { type = 'application/json', ...parts }: JobParts = {},
): WholeJob {
  return {
    body: typeof body === 'string' ? bytesOf(body) : body,
    request: { host: 'api.example.com', method: 'POST', path: '/v1/refunds', ...parts.request },
    headers: parts.headers ?? (type === '' ? [] : [{ name: 'content-type', value: type }]),
    demands: { format: 'json', schemas: [], max_bytes: 1_048_576, on_oversize: 'deny', ...parts.demands },
  };
}

export const CHAT = { host: 'api.openai.com', path: '/v1/chat/completions' };
