import type { PolicyDocument } from '../../gen/policy_document.ts';
import type { JsonValue } from '../canonical/json_value.ts';
import { type CanonicalParts, partsOfCanonical } from './canonical_set.ts';
import type { CompiledPolicy } from './compiled.ts';
import { lineageWithin } from './lineage.ts';
import type { Member, Part } from './part.ts';
import { planSteps } from './plan.ts';
import { type KnownPolicy, policySteps } from './policy.ts';
import type { Steps } from './steps.ts';

/**
 * The policy of canonical bytes that another thread of this process has just compiled: checks, tests and warnings are
 * not repeated, which is most of the work. In steps, because this thread answers Checks. Never for bytes from anywhere else.
 */
export function* planAgain(compiled: KnownPolicy): Steps<CompiledPolicy> {
  const value = JSON.parse(new TextDecoder().decode(compiled.canonical)) as JsonValue;
  yield;
  const parts = partsOfCanonical(value);
  const shadow = parts.shadow && (yield* planned(parts.shadow, parts));
  return yield* policySteps(yield* planned(parts.entry, parts), shadow, compiled);
}

function* planned(part: Part, { documents }: CanonicalParts) {
  const all = documents.map(member);
  const { document } = member(part);
  const ancestors = lineageWithin({ entry: member(part), ancestors: all }, member(part)).ancestors.map(
    (one) => one.document,
  );
  return { document, ancestors, plan: yield* planSteps(document, ancestors) };
}

/** The bytes come from a compiled document, so their value has its type. */
function member(part: Part): Member {
  return { part, document: part.value as unknown as PolicyDocument };
}
