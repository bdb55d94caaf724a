import type { ErrorObject } from 'ajv';
import { type Mistake, mistake, quoted, shown } from './mistakes.ts';
import { nearest } from './nearest.ts';

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
};

/** What the schema refuses, in words that name what was found and what is allowed. One mistake for each place. */
export function schemaMistakes(errors: readonly ErrorObject[]): readonly Mistake[] {
  const mistyped = new Set(
    errors.filter(({ keyword }) => keyword === 'type').map((error) => error.instancePath),
  );
  return errors
    .filter((error) => error.keyword === 'type' || !mistyped.has(error.instancePath))
    .map((error) => {
      const build = BY_KEYWORD[error.keyword];
      if (!build) throw new Error(`no message for the schema keyword ${error.keyword}`);
      return build(error);
    });
}

type Build = (error: ErrorObject) => Mistake;

const BY_KEYWORD: Readonly<Record<string, Build>> = {
  additionalProperties: unknownKey,
  required: (e) => {
    const key = String(e.params['missingProperty']);
    return mistake('MISSING_KEY', e.instancePath, `the key ${quoted(key)} is missing`, `add ${key}`);
  },
  type: (e) => {
    const wanted = TYPE_NAMES[String(e.params['type'])] ?? String(e.params['type']);
    return mistake('WRONG_TYPE', e.instancePath, `found ${shown(e.data)}`, `expected ${wanted}`);
  },
  enum: (e) => notAllowed(e, (e.params['allowedValues'] as unknown[]).map(String)),
  const: (e) => notAllowed(e, [String(e.params['allowedValue'])]),
  pattern: (e) => {
    const allowed = String(e.parentSchema?.['x-allowed'] ?? e.params['pattern']);
    return mistake('VALUE_INVALID', e.instancePath, `found ${shown(e.data)}`, `allowed: ${allowed}`);
  },
  minimum: outOfRange,
  maximum: outOfRange,
  minItems: (e) => {
    const hint = 'list at least one value, or leave the key out for any';
    return mistake('EMPTY_LIST', e.instancePath, 'the list is empty', hint);
  },
  maxItems: (e) => {
    const count = Array.isArray(e.data) ? e.data.length : 0;
    return mistake(
      'TOO_MANY',
      e.instancePath,
      `found ${count} entries`,
      `at most ${e.params['limit']} are allowed`,
    );
  },
  minProperties: (e) => {
    const keys = Object.keys((e.parentSchema?.['properties'] ?? {}) as object).join(', ');
    return mistake(
      'EMPTY_MAPPING',
      e.instancePath,
      'the mapping is empty',
      `remove it, or add one of: ${keys}`,
    );
  },
  uniqueItems: (e) => {
    const index = Math.max(Number(e.params['i']), Number(e.params['j']));
    const value = Array.isArray(e.data) ? shown(e.data[index]) : '';
    return mistake(
      'DUPLICATE_VALUE',
      `${e.instancePath}/${index}`,
      `${value} is listed twice`,
      'keep one of them',
    );
  },
};

function unknownKey(error: ErrorObject): Mistake {
  const key = String(error.params['additionalProperty']);
  const keys = Object.keys((error.parentSchema?.['properties'] ?? {}) as object);
  const pointer = `${error.instancePath}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const hint = `allowed: ${keys.join(', ')}${meant(key, keys)}`;
  return { ...mistake('UNKNOWN_KEY', pointer, `unknown key ${shown(key)}`, hint), at: 'key' };
}

function notAllowed(error: ErrorObject, allowed: readonly string[]): Mistake {
  const guess = typeof error.data === 'string' ? meant(error.data, allowed) : '';
  const hint = `allowed: ${allowed.join(', ')}${guess}`;
  return mistake('VALUE_NOT_ALLOWED', error.instancePath, `found ${shown(error.data)}`, hint);
}

function outOfRange(error: ErrorObject): Mistake {
  const { minimum, maximum } = (error.parentSchema ?? {}) as { minimum: number; maximum: number };
  const hint = `allowed: ${minimum} to ${maximum}`;
  return mistake('OUT_OF_RANGE', error.instancePath, `found ${shown(error.data)}`, hint);
}

function meant(found: string, allowed: readonly string[]): string {
  const guess = nearest(found, allowed);
  return guess === undefined ? '' : `; did you mean ${quoted(guess)}?`;
}
