import { readFileSync } from 'node:fs';
import { compilePolicy } from '../core/policy/compile.ts';
import type { TestBody } from '../gen/policy_document.ts';
import { CliError, EXIT } from './exit.ts';
import type { Flags } from './options.ts';

/** What the flags say that was found in a body; undefined: nobody has looked. Throws CliError for what a test could not say. */
export function bodyFlag(
  flags: Flags & { readonly tool?: string[]; readonly valid?: string[] },
): TestBody | undefined {
  const file = flags['found'];
  const said = typeof file === 'string' ? read(file) : {};
  const ai = withoutAbsent({
    kind: flags['aiKind'],
    provider: flags['provider'],
    endpoint: flags['endpoint'],
    model: flags['model'],
    tools: flags.tool,
    method: flags['callMethod'],
    target: flags['target'],
  });
  const body = { ...said, ...withoutAbsent({ ai, valid: flags.valid }) };
  if (file === undefined && Object.keys(body).length === 0) return undefined;
  return checked(body);
}

function read(file: string): object {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new CliError(EXIT.unavailable, `--found: ${file} cannot be read`, 'name a file with JSON');
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below, as for a value that is no mapping.
  }
  throw new CliError(
    EXIT.usage,
    `--found: ${file} holds no JSON object`,
    'write one such as {"valid": ["refund.v1"]}',
  );
}

/** Only the shape: ids of schemas are looked up in the policy itself. */
function checked(body: object): TestBody {
  const request = { url: 'https://host.invalid/', body: { ...body, valid: undefined } };
  const test = { name: 'body', request, expect: { verdict: 'deny' } };
  const document = { schema: 'clawgress/policy/v1', id: 'body', rules: [], tests: [test] };
  const compiled = compilePolicy({ file: 'body', text: JSON.stringify(document) });
  const wrong = compiled.ok ? undefined : compiled.problem.find(({ code }) => code !== 'TEST_FAILED');
  if (wrong === undefined) return body;
  const where = wrong.pointer.replace('/tests/0/request/body', '') || '/';
  throw new CliError(EXIT.usage, `body at ${where}: ${wrong.message}`, wrong.hint);
}

function withoutAbsent(members: Readonly<Record<string, unknown>>): object | undefined {
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
