import { parseTrustFile } from '../core/bundle/trust_file.ts';
import { compilePolicySet } from '../core/policy/compile.ts';
import type { CompiledPolicy, PolicyProblem } from '../core/policy/compiled.ts';
import { compileSigned } from '../core/policy_bundle/compile_signed.ts';
import type { BundleProblem } from '../core/policy_bundle/problems.ts';
import { type PolicySources, verifyPolicyBundle } from '../core/policy_bundle/verify.ts';
import type { BundleRef } from '../core/receipt/records.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { bundleCrypto } from './bundle_crypto.ts';
import type { SignedInput } from './ports.ts';

/** What a thread is asked; plain data, so that it can be handed over. */
export type Job =
  | { readonly kind: 'local'; readonly sources: PolicySources }
  | { readonly kind: 'signed'; readonly input: SignedInput };

/** Enough to build the plan again without checking anything. */
type Compiled = Pick<CompiledPolicy, 'canonical' | 'policy_hash' | 'shadow_hash'>;

export interface JobResult {
  readonly local: Result<
    { readonly compiled: Compiled; readonly warnings: readonly PolicyProblem[] },
    readonly PolicyProblem[]
  >;
  readonly signed: Result<{ readonly compiled: Compiled; readonly bundle: BundleRef }, BundleProblem>;
}

/** Everything about a policy that takes time. */
export function compileJob<K extends Job['kind']>(job: Extract<Job, { kind: K }>): JobResult[K];
export function compileJob(job: Job): JobResult[Job['kind']] {
  return job.kind === 'local' ? compileLocal(job.sources) : openBundle(job.input);
}

function compileLocal(sources: PolicySources): JobResult['local'] {
  const compiled = compilePolicySet({ ...sources, trust: 'local' });
  if (!compiled.ok) return compiled;
  const { policy, warnings } = compiled.value;
  return ok({ compiled: compiledOf(policy), warnings });
}

function openBundle({ file, keys, now_ms, accepted }: SignedInput): JobResult['signed'] {
  const trust = parseTrustFile(bundleCrypto.sha256, keys);
  if (!trust.ok) return fail({ code: 'KEY_UNKNOWN', detail: `trust file: ${trust.problem.code}` });
  const verified = verifyPolicyBundle(file, {
    keys: trust.value,
    crypto: bundleCrypto,
    nowMs: now_ms,
    compile: compileSigned,
    ...(accepted ? { accepted } : {}),
  });
  if (!verified.ok) return verified;
  const { body, bundle_digest, key_id, policy } = verified.value;
  const { version, valid_until } = body;
  return ok({
    compiled: compiledOf(policy),
    bundle: { version, digest: bundle_digest, key_id, valid_until },
  });
}

function compiledOf({ canonical, policy_hash, shadow_hash }: Compiled): Compiled {
  return { canonical, policy_hash, ...(shadow_hash === undefined ? {} : { shadow_hash }) };
}
