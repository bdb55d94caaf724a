import type { PolicyDocument, RequestContract, ResponseContract, Rule } from '../../gen/policy_document.ts';
import { checkSchema } from '../schema/check_schema.ts';
import { formatOf } from './contract_plan.ts';
import { type Mistake, mistake, pointerOf, quoted } from './mistakes.ts';
import { nearest } from './nearest.ts';
import { readSchema } from './schema_text.ts';

/** Schemas that are none. */
export function bodySchemaMistakes({ schemas = [] }: PolicyDocument): readonly Mistake[] {
  return schemas.flatMap((schema, i) => {
    const read = readSchema(schema);
    const at = pointerOf('schemas', i, 'schema');
    if (!read.ok) return [mistake('BODY_SCHEMA_INVALID', at, read.problem.message, read.problem.hint)];
    const checked = checkSchema(read.value.draft, read.value.text);
    if (checked.ok) return [];
    const { pointer, message } = checked.problem;
    return [mistake('BODY_SCHEMA_INVALID', `${at}${pointer}`, message, 'see docs/spec/json-schema.md')];
  });
}

const OF_REQUESTS: readonly (string | undefined)[] = [undefined, 'http', 'llm', 'mcp', 'a2a'];

/** Contracts on rules that see no body, that name no schema of the document, or that contradict themselves. */
export function contractMistakes(rule: Rule, at: string, schemas: readonly string[]): readonly Mistake[] {
  const { request, response, action, match } = rule;
  const kind = match?.protocol?.kind;
  const unused = (key: string) => {
    const beside = action === 'allow' ? `beside kind: ${kind}` : `on the action ${action}`;
    const hint = 'contracts belong to allow rules about requests: of kind http, llm, mcp, a2a or none';
    return [mistake('CONTRACT_UNUSED', `${at}/${key}`, `${key} ${beside}`, hint)];
  };
  const isUsed = action === 'allow' && OF_REQUESTS.includes(kind);
  return [
    ...(request === undefined ? [] : isUsed ? requestMistakes(request, `${at}/request`) : unused('request')),
    ...(response === undefined
      ? []
      : isUsed
        ? responseMistakes(response, `${at}/response`)
        : unused('response')),
    ...unknownSchema(request?.schema, `${at}/request/schema`, schemas),
    ...unknownSchema(request?.elements?.schema, `${at}/request/elements/schema`, schemas),
    ...unknownSchema(response?.schema, `${at}/response/schema`, schemas),
  ];
}

/** An id under which the document has no schema. */
export function unknownSchema(
  id: string | undefined,
  at: string,
  schemas: readonly string[],
): readonly Mistake[] {
  if (id === undefined || schemas.includes(id)) return [];
  const guess = nearest(id, schemas);
  const hint = `name one under schemas of this document${guess === undefined ? '' : `; did you mean ${quoted(guess)}?`}`;
  return [mistake('SCHEMA_UNKNOWN', at, `no schema has the id ${quoted(id)}`, hint)];
}

function requestMistakes(contract: RequestContract, at: string): readonly Mistake[] {
  const { schema, elements, repair, repair_kinds, on_oversize = 'deny' } = contract;
  const format = formatOf(contract);
  const found: Mistake[] = [];
  const refuse = (key: string, message: string, hint: string) =>
    found.push(mistake('CONTRACT_CONTRADICTORY', `${at}/${key}`, message, hint));
  if (repair_kinds !== undefined && repair === undefined)
    refuse('repair_kinds', 'repair_kinds without repair', 'add repair: once, or remove repair_kinds');
  if (format === 'any' && (schema ?? elements ?? repair) !== undefined)
    refuse('format', 'format: any beside schema, elements or repair', 'these read JSON; remove format');
  if (format === 'json_lines' && (elements ?? repair) !== undefined)
    refuse(
      'format',
      'format: json_lines beside elements or repair',
      'each line is a text by itself; use schema',
    );
  if (on_oversize === 'deny') return found;
  const pass = `on_oversize: ${on_oversize}`;
  if (repair !== undefined)
    refuse('on_oversize', `${pass} beside repair`, 'what has gone on cannot be mended; write deny');
  else if (on_oversize === 'scan_prefix' && format !== 'any')
    refuse(
      'on_oversize',
      `${pass} beside format: ${format}`,
      'what nobody reads is not known to be JSON; write deny or stream',
    );
  else if (schema !== undefined && format === 'json')
    refuse(
      'on_oversize',
      `${pass} beside a schema for the whole`,
      'write elements: {pointer, schema}, or deny',
    );
  return found;
}

function responseMistakes(contract: ResponseContract, at: string): readonly Mistake[] {
  const { inspect, schema, strip, on_violation, tool_calls } = contract;
  const found: Mistake[] = [];
  const refuse = (key: string, message: string, hint: string) =>
    found.push(mistake('CONTRACT_CONTRADICTORY', `${at}/${key}`, message, hint));
  if (inspect === 'sse' && (schema ?? strip) !== undefined)
    refuse('inspect', 'inspect: sse beside schema or strip', 'these read JSON answers; write json or auto');
  if (on_violation === 'strip' && strip === undefined)
    refuse('on_violation', 'on_violation: strip without strip', 'list what is taken out under strip');
  if (tool_calls?.deny?.length === 0)
    found.push(
      mistake('EMPTY_LIST', `${at}/tool_calls/deny`, 'the list is empty', 'name tools, or remove deny'),
    );
  return found;
}
