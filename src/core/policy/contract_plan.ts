import type { RequestContract, ResponseContract, Rule } from '../../gen/policy_document.ts';
import { EDIT_KINDS } from '../body/repair_edit.ts';
import type { RequestDemands, ResponseDemands } from '../contract/demands.ts';
import type { Contract } from './body_demands.ts';
import { ANSWER_BYTES_DEFAULT, BODY_BYTES_DEFAULT } from './bounds.ts';
import type { SchemaTable } from './schemas.ts';

/** What a rule asks of bodies, with defaults filled in and schemas by their hashes. */
export function contractOf({ request, response }: Rule, schemas: SchemaTable): Contract {
  return {
    request: request && requestDemands(request, schemas),
    response: response && responseDemands(response, schemas),
  };
}

function requestDemands(contract: RequestContract, schemas: SchemaTable): RequestDemands {
  const { schema, elements, repair, repair_kinds, max_bytes, on_oversize, ask_usage } = contract;
  const edits = EDIT_KINDS.filter((kind) => repair_kinds === undefined || repair_kinds.includes(kind));
  return {
    format: formatOf(contract),
    schemas: schema === undefined ? [] : [hashOf(schema, schemas)],
    max_bytes: max_bytes ?? BODY_BYTES_DEFAULT,
    on_oversize: on_oversize ?? 'deny',
    ...(repair === undefined ? {} : { repair: edits }),
    ...(elements === undefined
      ? {}
      : { elements: [{ pointer: elements.pointer, schema_hash: hashOf(elements.schema, schemas) }] }),
    ...(ask_usage === undefined ? {} : { ask_usage }),
  };
}

/** Also for mistakes, which speak of what is meant. */
export function formatOf({ format, schema, elements, repair }: RequestContract): RequestDemands['format'] {
  if (format !== undefined) return format;
  return schema === undefined && elements === undefined && repair === undefined ? 'any' : 'json';
}

function responseDemands(contract: ResponseContract, schemas: SchemaTable): ResponseDemands {
  const { inspect, schema, max_bytes, on_violation, strip, notarize, tool_calls, on_encoded } = contract;
  const { allow, deny } = tool_calls ?? {};
  return {
    inspect: inspect ?? (schema === undefined && strip === undefined ? 'auto' : 'json'),
    ...(schema === undefined ? {} : { schemas: [hashOf(schema, schemas)] }),
    max_bytes: max_bytes ?? ANSWER_BYTES_DEFAULT,
    on_violation: on_violation ?? 'block',
    ...(strip === undefined ? {} : { strip: [...strip].sort() }),
    ...(notarize === undefined ? {} : { notarize }),
    ...(tool_calls === undefined
      ? {}
      : {
          tool_calls: {
            ...(allow === undefined ? {} : { allow: [...allow].sort() }),
            ...(deny === undefined ? {} : { deny: [...deny].sort() }),
          },
        }),
    ...(on_encoded === 'bypass' ? { on_encoded } : {}),
  };
}

function hashOf(id: string, schemas: SchemaTable): string {
  const schema = schemas.get(id);
  if (!schema) throw new Error('a plan is built from a checked document');
  return schema.schema_hash;
}
