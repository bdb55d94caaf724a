import { parseTrustFile } from '../core/bundle/trust_file.ts';
import { compileSigned } from '../core/policy_bundle/compile_signed.ts';
import { type BundleProblem, bundleProblemText } from '../core/policy_bundle/problems.ts';
import {
  type AcceptedVersion,
  type VerifiedBundle,
  verifyPolicyBundle,
} from '../core/policy_bundle/verify.ts';
import { timestampMs } from '../core/receipt/timestamp.ts';
import type { Result } from '../core/result.ts';
import { bundleCrypto } from '../feed/bundle_crypto.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { readBytes } from './policy_input.ts';
import { timeOf } from './policy_sign.ts';
import { problemLines } from './policy_text.ts';

export interface PolicyVerifyArgs {
  readonly bundle: string;
  readonly keys: string;
  readonly at?: string;
  readonly json: boolean;
}

/** `policy verify <bundle> --keys <file>`: what a gateway that has accepted nothing yet would say. */
export function policyVerify({ bundle, keys, at, json }: PolicyVerifyArgs): ExitCode {
  const nowMs = at === undefined ? Date.now() : (timestampMs(timeOf('--at', at)) ?? 0);
  const verified = openBundle(readBytes(bundle), keys, nowMs);
  if (!verified.ok) {
    report(bundle, verified.problem, json);
    return EXIT.no;
  }
  const facts = bundleFacts(verified.value);
  if (json) process.stdout.write(`${JSON.stringify({ ok: true, ...facts }, null, 2)}\n`);
  else
    process.stdout.write(
      `${bundle}: good. ${facts.policy_id} version ${facts.version}, valid until ${facts.valid_until}, signed by ${facts.key_id}\n`,
    );
  return EXIT.ok;
}

/** The same code as in the gateway. Throws CliError when the trust file cannot be used. */
export function openBundle(
  file: Uint8Array,
  keys: string,
  nowMs: number,
  accepted?: AcceptedVersion,
): Result<VerifiedBundle, BundleProblem> {
  const trust = parseTrustFile(bundleCrypto.sha256, readBytes(keys));
  if (!trust.ok) {
    throw new CliError(
      EXIT.usage,
      `${keys} is not a trust file: ${trust.problem.code} at ${trust.problem.at || '/'}`,
      '`clawgress policy keygen -o policy.key --keys policy-keys.json` writes one',
    );
  }
  return verifyPolicyBundle(file, {
    keys: trust.value,
    crypto: bundleCrypto,
    nowMs,
    compile: compileSigned,
    ...(accepted ? { accepted } : {}),
  });
}

export function bundleFacts({ body, bundle_digest, key_id, policy }: VerifiedBundle) {
  return {
    policy_id: body.policy_id,
    version: body.version,
    valid_until: body.valid_until,
    members: body.members.map(({ name, digest }) => ({ name, digest })),
    policy_hash: policy.policy_hash,
    bundle_digest,
    key_id,
  };
}

export function report(bundle: string, problem: BundleProblem, json: boolean): void {
  const { code, detail, mistakes = [] } = problem;
  if (json)
    process.stdout.write(`${JSON.stringify({ ok: false, code, detail, problems: mistakes }, null, 2)}\n`);
  else {
    process.stderr.write(`${bundle}: refused. ${bundleProblemText(problem)}\n`);
    if (mistakes.length > 0) process.stderr.write(problemLines(bundle, mistakes));
  }
}
