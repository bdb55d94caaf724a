import type { BuiltValue } from '../body/value_builder.ts';

/** A text that two values share exactly when JSON Schema calls them equal: 1 and 1.0, and members in any order. */
export function equalText(value: BuiltValue): string {
  if (Array.isArray(value)) return `[${value.map(equalText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${equalText(value[name] ?? null)}`).join(',')}}`;
}

/** One pass over all values, however many they are. */
export function allDiffer(values: readonly BuiltValue[]): boolean {
  const seen = new Set<string>();
  for (const value of values) {
    const text = equalText(value);
    if (seen.has(text)) return false;
    seen.add(text);
  }
  return true;
}
