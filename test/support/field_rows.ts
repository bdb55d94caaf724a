import { COMMON } from '../../src/core/receipt/common_fields.ts';
import { RECORD_TABLES } from '../../src/core/receipt/fields.ts';
import type { Field, Members, Shape } from '../../src/core/receipt/shape.ts';

/** One row of the documentation's tables: path, form, presence, label. */
export type Row = readonly [string, string, string, string];

/** Rows for each section of docs/spec/receipt.md: `common`, then each record type without the common members. */
export function documentedRows(): Map<string, Row[]> {
  const sections = new Map([['common', rowsOf(COMMON, '')]]);
  for (const [table, members] of Object.entries(RECORD_TABLES)) {
    const own = Object.entries(members).filter(([name]) => !(name in COMMON));
    sections.set(table, rowsOf(Object.fromEntries(own), ''));
  }
  return sections;
}

function rowsOf(members: Members, prefix: string): Row[] {
  return Object.entries(members).flatMap(([name, field]) => fieldRows(`${prefix}${name}`, field));
}

function fieldRows(path: string, { shape, presence, label }: Field): Row[] {
  return [[path, formOf(shape), presence, label], ...innerRows(path, shape)];
}

function innerRows(path: string, shape: Shape): Row[] {
  if (shape.kind === 'object') return rowsOf(shape.members, `${path}.`);
  if (shape.kind === 'list') return innerRows(`${path}[]`, shape.of);
  if (shape.kind !== 'variants') return [];
  return Object.entries(shape.options).flatMap(([name, members]) => rowsOf(members, `${path}<${name}>.`));
}

function formOf(shape: Shape): string {
  switch (shape.kind) {
    case 'text':
      return /ASCII|^text/.test(shape.form)
        ? `${shape.form}, at most ${shape.length_max}${bytesOf(shape)}`
        : shape.form;
    case 'integer':
      if (shape.min < 0) return 'integer';
      return shape.max === Number.MAX_SAFE_INTEGER
        ? `integer >= ${shape.min}`
        : `integer ${shape.min} to ${shape.max}`;
    case 'one_of':
      return shape.values.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
    case 'list':
      return `list of at most ${shape.count_max}${bytesOf(shape)}: ${formOf(shape.of)}`;
    case 'variants':
      return `object by \`${shape.tag}\``;
    case 'free_object':
      return `any object, at most ${shape.bytes_max} bytes`;
    default:
      return shape.kind;
  }
}

function bytesOf({ bytes_max }: { readonly bytes_max?: number }): string {
  return bytes_max === undefined ? '' : ` (${bytes_max} bytes of JSON)`;
}
