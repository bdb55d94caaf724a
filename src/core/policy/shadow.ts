import { RECORD_CAPS } from '../receipt/common_fields.ts';
import { mistake } from './mistakes.ts';
import { type Part, type Problems, problemsIn } from './part.ts';
import type { Plan } from './plan.ts';

interface Planned {
  readonly part: Part;
  readonly plan: Plan;
}

/**
 * A receipt keeps a bounded number of query names. If a shadow document could fill it, a request that the live policy
 * allows would be refused for its size, and the shadow would have changed a verdict.
 */
export function shadowQueryProblems(entry: Planned, shadow: Planned): Problems {
  const known = new Set(entry.plan.query_names);
  const added = shadow.plan.query_names.filter((name) => !known.has(name));
  if (added.length === 0 || known.size + added.length <= RECORD_CAPS.query_names) return [];
  const message = `the shadow document brings the query names to ${known.size + added.length}`;
  const hint = `at most ${RECORD_CAPS.query_names} beside the live policy are allowed`;
  return problemsIn(shadow.part, [mistake('SHADOW_QUERY_NAMES', '', message, hint)]);
}
