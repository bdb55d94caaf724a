import { readFileSync } from 'node:fs';
import { compileSchema } from '../../../../src/core/schema/compile_schema.ts';
import type { Draft } from '../../../../src/core/schema/keywords.ts';

const VECTORS = new URL('../../../vectors/json-schema/', import.meta.url);
const FILES: Readonly<Record<Draft, string>> = { '2020-12': 'draft2020-12.json', 'draft-07': 'draft7.json' };

interface Group {
  readonly file: string;
  readonly description: string;
  readonly schema: unknown;
  readonly tests: readonly { readonly description: string; readonly data: never; readonly valid: boolean }[];
}

export interface SuiteOutcome {
  readonly asked: number;
  /** `file: group`: the schema is not taken. */
  readonly refused: readonly string[];
  /** `file: group: test`: the answer is not that of the suite. */
  readonly other: readonly string[];
}

/** What becomes of every test of one draft. */
export function suiteOutcome(draft: Draft): SuiteOutcome {
  const groups = JSON.parse(readFileSync(new URL(FILES[draft], VECTORS), 'utf8')) as readonly Group[];
  const refused: string[] = [];
  const other: string[] = [];
  let asked = 0;
  for (const { file, description, schema, tests } of groups) {
    const compiled = compileSchema(draft, JSON.stringify(schema));
    if (!compiled.ok) refused.push(`${file}: ${description}`);
    else
      for (const { description: name, data, valid } of tests) {
        asked += 1;
        if ((compiled.value.check(data) === undefined) !== valid)
          other.push(`${file}: ${description}: ${name}`);
      }
  }
  return { asked, refused, other };
}
