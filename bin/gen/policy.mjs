// policies/policy.schema.json -> src/gen/policy_document.ts (types) and src/gen/policy_validator.js (ajv, compiled ahead
// of time, so that nothing generates code at run time).
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { compile } from 'json-schema-to-typescript';

const HEADER = '// Generated from policies/policy.schema.json by `npm run gen`. Do not edit.\n';
const SCHEMA = fileURLToPath(new URL('../../policies/policy.schema.json', import.meta.url));
const DECLARATION = `${HEADER}import type { ErrorObject } from 'ajv';
import type { PolicyDocument } from './policy_document.ts';

declare const validate: {
  (data: unknown): data is PolicyDocument;
  errors?: ErrorObject[] | null;
};
export default validate;
`;

export async function generate() {
  const schema = JSON.parse(await readFile(SCHEMA, 'utf8'));
  return new Map([
    ['src/gen/policy_document.ts', await types(schema)],
    ['src/gen/policy_validator.js', validator(schema)],
    ['src/gen/policy_validator.d.ts', DECLARATION],
  ]);
}

function types(schema) {
  return compile(schema, 'PolicyDocument', {
    bannerComment: HEADER.trim(),
    additionalProperties: false,
    // Tuples of every allowed length would be unreadable.
    ignoreMinAndMaxItems: true,
    style: { singleQuote: true, printWidth: 110 },
    unreachableDefinitions: false,
  });
}

function validator(schema) {
  const ajv = new Ajv({
    allErrors: true,
    // Errors carry the sub-schema, from which messages name what is allowed.
    verbose: true,
    strict: true,
    code: { source: true, esm: true, lines: true },
  });
  ajv.addVocabulary(['x-allowed']);
  const code = standaloneCode(ajv, ajv.compile(schema));
  // Keywords such as maxLength pull in CommonJS helpers, which an ES module cannot require.
  if (/\brequire\(/.test(code))
    throw new Error('policy schema uses a keyword that needs a run-time helper of ajv');
  return `${HEADER}${code}\n`;
}
