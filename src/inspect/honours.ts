import type { BuiltValue } from '../core/body/value_builder.ts';
import type { SchemaFact } from '../core/contract/body_facts.ts';
import type { RequestDemands } from '../core/contract/demands.ts';
import { recordedPointer } from '../core/contract/recorded_problem.ts';
import type { CompiledSchema, SchemaMistake } from '../core/schema/compile_schema.ts';

/** Schemas by their hashes, as the policy names them; undefined: this one is not at hand. */
export type SchemaOf = (schema_hash: string) => CompiledSchema | undefined;

type Contracts = Pick<RequestDemands, 'schemas' | 'elements'>;

/** Hashes of all schemas that are asked for, in their order, each once. */
export function hashesOf({ schemas, elements = [] }: Contracts): readonly string[] {
  return [...new Set([...schemas, ...elements.map(({ schema_hash }) => schema_hash)])].sort();
}

/** What each schema says to a value. One that is not at hand has no fact. */
export function schemaFacts(
  value: BuiltValue,
  contracts: Contracts,
  schemaOf: SchemaOf,
): readonly SchemaFact[] {
  return hashesOf(contracts).flatMap((hash) => {
    const schema = schemaOf(hash);
    return schema === undefined ? [] : [factOf(hash, mistakeIn(value, hash, schema, contracts))];
  });
}

/** The same for records, one after the other: each must honour each schema. Pointers begin with the number of the record. */
export class RecordsJudge {
  readonly #schemas: ReadonlyMap<string, CompiledSchema>;
  readonly #mistakes = new Map<string, SchemaMistake>();

  constructor(contracts: Contracts, schemaOf: SchemaOf) {
    const known = hashesOf(contracts).flatMap((hash) => {
      const schema = schemaOf(hash);
      return schema === undefined ? [] : [[hash, schema] as const];
    });
    this.#schemas = new Map(known);
  }

  take(value: BuiltValue, record: number): void {
    for (const [hash, schema] of this.#schemas) {
      const mistake = this.#mistakes.has(hash) ? undefined : schema.check(value);
      if (mistake !== undefined)
        this.#mistakes.set(hash, { ...mistake, pointer: `/${record}${mistake.pointer}` });
    }
  }

  facts(): readonly SchemaFact[] {
    return [...this.#schemas.keys()].map((hash) => factOf(hash, this.#mistakes.get(hash)));
  }
}

/** There is nothing that could honour anything. */
export function noneHonoured(contracts: Contracts): readonly SchemaFact[] {
  return hashesOf(contracts).map((schema_hash) => ({ schema_hash, is_valid: false }));
}

function factOf(schema_hash: string, mistake: SchemaMistake | undefined): SchemaFact {
  if (mistake === undefined) return { schema_hash, is_valid: true };
  const { pointer, keyword } = mistake;
  return {
    schema_hash,
    is_valid: false,
    pointer: recordedPointer(pointer),
    keyword: keyword.replaceAll(' ', '_'),
  };
}

/** A schema may be asked of the whole and of elements; both must hold. */
function mistakeIn(
  value: BuiltValue,
  hash: string,
  schema: CompiledSchema,
  { schemas, elements = [] }: Contracts,
): SchemaMistake | undefined {
  const whole = schemas.includes(hash) ? schema.check(value) : undefined;
  if (whole !== undefined) return whole;
  for (const { pointer, schema_hash } of elements) {
    if (schema_hash !== hash) continue;
    const list = valueAt(value, pointer);
    const mistake = Array.isArray(list) ? firstIn(list, pointer, schema) : { pointer, keyword: 'elements' };
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

function firstIn(
  list: readonly BuiltValue[],
  pointer: string,
  schema: CompiledSchema,
): SchemaMistake | undefined {
  for (const [index, item] of list.entries()) {
    const mistake = schema.check(item);
    if (mistake !== undefined) return { ...mistake, pointer: `${pointer}/${index}${mistake.pointer}` };
  }
  return undefined;
}

function valueAt(value: BuiltValue, pointer: string): BuiltValue | undefined {
  let here: BuiltValue | undefined = value;
  for (const token of pointer.split('/').slice(1)) {
    if (typeof here !== 'object' || here === null) return undefined;
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(here)) here = /^(?:0|[1-9]\d*)$/.test(name) ? here[Number(name)] : undefined;
    else here = Object.hasOwn(here, name) ? here[name] : undefined;
  }
  return here;
}
