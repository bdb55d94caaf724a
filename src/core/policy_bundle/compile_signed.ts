import { compilePolicySet } from '../policy/compile.ts';
import type { PolicyProblem } from '../policy/compiled.ts';
import { fail, ok, type Result } from '../result.ts';
import type { CompiledSources, PolicySources } from './verify.ts';

/**
 * Compiles the documents of a bundle and runs their tests. The one compiler of gateway and command line. A shadow
 * document that does not fit is refused with its bundle: who signed it wanted to see what it would do.
 */
export function compileSigned(sources: PolicySources): Result<CompiledSources, readonly PolicyProblem[]> {
  const compiled = compilePolicySet({ ...sources, trust: 'signed' });
  if (!compiled.ok) return compiled;
  const { policy, ancestors, shadow, warnings } = compiled.value;
  if (sources.shadow !== undefined && shadow === undefined)
    return fail(warnings.filter(({ file }) => file === sources.shadow?.file));
  const inherited = [...ancestors, ...(shadow?.ancestors ?? [])].map(({ id }) => id);
  const { policy_id, policy_hash, shadow_hash, canonical } = policy;
  const hashes = { policy_hash, ...(shadow_hash === undefined ? {} : { shadow_hash }) };
  return ok({ policy_id, ...hashes, canonical, inherited });
}
