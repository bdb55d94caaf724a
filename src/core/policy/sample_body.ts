import type { TestAi, TestBody } from '../../gen/policy_document.ts';
import type { AiFacts, BodyFacts } from '../contract/body_facts.ts';
import type { PlanSchema, SchemaTable } from './schemas.ts';

/** The schemas that samples can speak of: those of their document by id, and all that somebody could ask for by hash. */
export interface SampleSchemas {
  readonly own: SchemaTable;
  readonly all: ReadonlyMap<string, PlanSchema>;
}

export const NO_SCHEMAS: SampleSchemas = { own: new Map(), all: new Map() };

/** What somebody says was found in a body: complete, and all schemas tried that anybody asks for. */
export function sampleBody(sample: TestBody, schemas: SampleSchemas): BodyFacts {
  const { format = 'json', problem, valid = [], repaired, ai } = sample;
  const bytes = sample.bytes ?? (format === 'none' ? 0 : 1);
  const isTried = problem === undefined && (format === 'json' || format === 'json_lines');
  const edits = (repaired ?? []).map((kind) => ({ kind, offset: 0, removed: 0, inserted: 0 }));
  return {
    ...{ state: 'complete', bytes, format },
    ...(problem === undefined ? {} : { problem: { code: problem } }),
    ...(isTried && schemas.all.size > 0 ? { schemas: triesOf(valid, schemas) } : {}),
    ...(repaired === undefined ? {} : { repair: { edits, bytes } }),
    ...(ai === undefined ? {} : { ai: sampleCall(ai) }),
  };
}

function triesOf(valid: readonly string[], { own, all }: SampleSchemas): NonNullable<BodyFacts['schemas']> {
  const fits = new Set(valid.map((id) => own.get(id)?.schema_hash));
  return [...all.keys()].sort().map((schema_hash) => ({ schema_hash, is_valid: fits.has(schema_hash) }));
}

function sampleCall({ tools, ...ai }: TestAi): AiFacts {
  if (ai.kind === 'unknown') return { kind: ai.kind, unknown_reason: 'BODY_DISAGREES' };
  const declared = tools === undefined ? {} : { tools: [...tools].sort() };
  return ai.kind === 'llm' ? { provider: 'other', endpoint: 'chat', ...ai, ...declared } : ai;
}
