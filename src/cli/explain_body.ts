import type { PriceTable } from '../core/ai/prices.ts';
import type { CompiledPolicy } from '../core/policy/compiled.ts';
import type { Look } from '../core/policy/explain.ts';
import { compileSchema } from '../core/schema/compile_schema.ts';
import { readRequest } from '../inspect/read_request.ts';
import { CliError, EXIT } from './exit.ts';
import { bytesOf, nameOf, piecesOf } from './input_bytes.ts';

/** As much as the gateway ever holds, and one byte more: what is longer is too large wherever it goes. */
const READ_BYTES_MAX = 16_777_216 + 1;

/** A body that `policy explain` is asked about. */
export interface SampleBytes {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

export async function sampleBytes(file: string, contentType: string): Promise<SampleBytes> {
  return { bytes: await bytesOf(piecesOf(file), READ_BYTES_MAX), contentType };
}

/** Finds in a body what the gateway would find. */
export function lookInto(
  { bytes, contentType }: SampleBytes,
  policy: Pick<CompiledPolicy, 'schemaOf'>,
  prices: PriceTable,
): Look {
  const schemaOf = (hash: string) => {
    const schema = policy.schemaOf(hash);
    const compiled = schema && compileSchema(schema.draft, schema.text);
    return compiled?.ok === true ? compiled.value : undefined;
  };
  const headers = [{ name: 'content-type', value: contentType }];
  return (request, demands) =>
    readRequest({ body: bytes, request, headers, demands }, { schemaOf, prices }).facts;
}

/** Facts and a body say the same thing twice, and a tunnel has none. Throws CliError. */
export function refuseBoth(file: string, others: boolean): void {
  if (!others) return;
  throw new CliError(
    EXIT.usage,
    `--body ${nameOf(file)}: found beside --connect, or beside flags that say what was found in a body`,
    'give the body, or say what is in it by --found, --valid, --ai-kind and the like',
  );
}
