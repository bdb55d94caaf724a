import type { FuncKeywordDefinition } from 'ajv';
import type { BuiltValue } from '../body/value_builder.ts';
import { isMultiple } from './multiple_of.ts';
import { allDiffer, equalText } from './same_value.ts';

/**
 * Keywords whose work in ajv grows with the square of the value, or whose answer depends on members that a body may name
 * as it likes (`valueOf`, `constructor`), or on how a double is divided.
 */
export function ownKeywords(): readonly FuncKeywordDefinition[] {
  return [UNIQUE_ITEMS, CONST, ENUM, MULTIPLE_OF];
}

const UNIQUE_ITEMS: FuncKeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  compile: (isAsked: boolean) => (values: readonly BuiltValue[]) => !isAsked || allDiffer(values),
};

const CONST: FuncKeywordDefinition = {
  keyword: 'const',
  compile: (wanted: BuiltValue) => oneOf([wanted]),
};

const ENUM: FuncKeywordDefinition = {
  keyword: 'enum',
  schemaType: 'array',
  compile: (wanted: readonly BuiltValue[]) => oneOf(wanted),
};

const MULTIPLE_OF: FuncKeywordDefinition = {
  keyword: 'multipleOf',
  type: 'number',
  schemaType: 'number',
  compile: (divisor: number) => (value: number) => isMultiple(value, divisor),
};

function oneOf(wanted: readonly BuiltValue[]): (value: BuiltValue) => boolean {
  const texts = new Set(wanted.map(equalText));
  const hasContainers = wanted.some((value) => typeof value === 'object' && value !== null);
  return (value) => {
    const isContainer = typeof value === 'object' && value !== null;
    return (!isContainer || hasContainers) && texts.has(equalText(value));
  };
}
