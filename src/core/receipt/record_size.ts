import { RECORD_TABLES } from './fields.ts';
import type { Members, Shape } from './shape.ts';

const TIMESTAMP_BYTES = '"YYYY-MM-DDTHH:MM:SS.sssZ"'.length;

/** Upper bound of the canonical bytes of any record that passes the table; the proof that a body always fits a line. */
export function recordBytesMax(table: string): number {
  return membersBytesMax(RECORD_TABLES[table] ?? {});
}

function membersBytesMax(members: Members): number {
  const sizes = Object.entries(members).map(([name, field]) => name.length + 3 + shapeBytesMax(field.shape));
  return 2 + sum(sizes) + Math.max(0, sizes.length - 1);
}

function shapeBytesMax(shape: Shape): number {
  switch (shape.kind) {
    case 'text':
      return Math.min(shape.bytes_max ?? Infinity, 2 + shape.length_max * shape.bytes_per_unit);
    case 'timestamp':
      return TIMESTAMP_BYTES;
    case 'integer':
      return Math.max(String(shape.min).length, String(shape.max).length);
    case 'boolean':
      return 'false'.length;
    case 'one_of':
      return Math.max(...shape.values.map((value) => JSON.stringify(value).length));
    case 'list':
      return Math.min(shape.bytes_max ?? Infinity, 2 + shape.count_max * (shapeBytesMax(shape.of) + 1));
    case 'object':
      return membersBytesMax(shape.members);
    case 'variants':
      return Math.max(...Object.values(shape.options).map(membersBytesMax));
    case 'free_object':
      return shape.bytes_max;
  }
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
