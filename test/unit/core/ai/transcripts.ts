import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AiRequestInput } from '../../../../src/core/ai/llm_request.ts';
import type { JsonValue } from '../../../../src/core/canonical/json_value.ts';
import { fail, ok } from '../../../../src/core/result.ts';

const FOLDER = join(import.meta.dirname, '../../../vectors/ai/transcripts');

export interface Transcript {
  readonly name: string;
  readonly request: Omit<AiRequestInput, 'body_bytes'>;
  readonly expect: Record<string, unknown>;
  /** Of the estimate. */
  readonly is_complete?: boolean;
  readonly answer?: { readonly framing: string; readonly text?: string; readonly value?: JsonValue };
  readonly expect_answer?: Record<string, unknown>;
}

export const TRANSCRIPTS: readonly Transcript[] = readdirSync(FOLDER).map((file) => ({
  name: file.replace('.json', ''),
  ...JSON.parse(readFileSync(join(FOLDER, file), 'utf8')),
}));

export function transcript(name: string): Transcript {
  const found = TRANSCRIPTS.find((one) => one.name === name);
  assert.ok(found, `no transcript ${name}`);
  return found;
}

export function inputOf(request: Transcript['request']): AiRequestInput {
  const body_bytes = request.body === undefined ? 0 : Buffer.byteLength(JSON.stringify(request.body));
  return { ...request, body_bytes };
}

export const parseJson = (text: string) => {
  try {
    return ok(JSON.parse(text) as JsonValue);
  } catch {
    return fail('SYNTAX');
  }
};
