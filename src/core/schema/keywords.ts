export const DRAFTS = ['2020-12', 'draft-07'] as const;
export type Draft = (typeof DRAFTS)[number];

/** What stands at a keyword: other schemas, or something that is no schema. */
export type Holds = 'schema' | 'list' | 'map' | 'schema_or_list' | 'schema_or_names' | 'other';

const SHARED: Readonly<Record<string, Holds>> = {
  ...keys('other', 'type', 'enum', 'const', 'multipleOf', 'maximum', 'exclusiveMaximum', 'minimum'),
  ...keys('other', 'exclusiveMinimum', 'maxLength', 'minLength', 'pattern', 'format', 'maxItems', 'minItems'),
  ...keys('other', 'uniqueItems', 'maxProperties', 'minProperties', 'required'),
  ...keys('other', '$schema', '$id', '$ref', '$comment', 'title', 'description', 'default', 'examples'),
  ...keys('other', 'readOnly', 'writeOnly'),
  ...keys('schema', 'additionalProperties', 'propertyNames', 'contains', 'not', 'if', 'then', 'else'),
  ...keys('map', 'properties', 'patternProperties'),
  ...keys('list', 'allOf', 'anyOf', 'oneOf'),
};

/** Every keyword that is enforced, or that enforces nothing by its nature. All others are refused, never passed over. */
export const KEYWORDS: Readonly<Record<Draft, Readonly<Record<string, Holds>>>> = {
  '2020-12': {
    ...SHARED,
    ...keys('other', '$anchor', 'deprecated', 'dependentRequired', 'maxContains', 'minContains'),
    ...keys('schema', 'items', 'unevaluatedProperties'),
    ...keys('list', 'prefixItems'),
    ...keys('map', '$defs', 'dependentSchemas'),
  },
  'draft-07': {
    ...SHARED,
    items: 'schema_or_list',
    dependencies: 'schema_or_names',
    ...keys('schema', 'additionalItems'),
    ...keys('map', 'definitions'),
  },
};

/** Known to the drafts and refused: why, and what to do. */
export const REFUSED: Readonly<Record<string, string>> = {
  contentEncoding: 'contents of strings are not looked at; take it out',
  contentMediaType: 'contents of strings are not looked at; take it out',
  contentSchema: 'contents of strings are not looked at; take it out',
  $dynamicRef: 'references are fixed when the policy is loaded; use $ref',
  $dynamicAnchor: 'references are fixed when the policy is loaded; use $anchor',
  $recursiveRef: 'references are fixed when the policy is loaded; use $ref',
  $recursiveAnchor: 'references are fixed when the policy is loaded; use $anchor',
  unevaluatedItems:
    'ajv sees other items as evaluated than the draft does; use items: false behind prefixItems',
  $vocabulary: 'vocabularies are fixed; take it out',
};

export const META_SCHEMAS: Readonly<Record<Draft, string>> = {
  '2020-12': 'https://json-schema.org/draft/2020-12/schema',
  'draft-07': 'http://json-schema.org/draft-07/schema',
};

function keys(holds: Holds, ...names: readonly string[]): Readonly<Record<string, Holds>> {
  return Object.fromEntries(names.map((name) => [name, holds]));
}
