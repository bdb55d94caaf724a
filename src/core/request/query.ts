import { fail, ok, type Result } from '../result.ts';
import { percentDecode } from './percent.ts';

const QUERY_PARAMETERS_MAX = 256;

/**
 * Decoded parameter names, distinct and sorted by code unit. `+` and `%20` both mean a space. Both `&` and `;`
 * separate: some servers split on either, and a forbidden name must not hide behind the other one.
 */
export function queryNames(query: string): Result<readonly string[], 'REQUEST_TOO_LARGE'> {
  const parameters = query.split(/[&;]/, QUERY_PARAMETERS_MAX + 1);
  if (parameters.length > QUERY_PARAMETERS_MAX) return fail('REQUEST_TOO_LARGE');
  const names = new Set<string>();
  for (const parameter of parameters) {
    const name = parameter.split('=', 1)[0] ?? '';
    if (parameter !== '') names.add(percentDecode(name.replaceAll('+', ' ')));
  }
  return ok([...names].sort());
}
