import { existsSync } from 'node:fs';
import { parseCanonicalJson } from '../core/canonical/jcs.ts';
import type { Compilation } from '../core/policy/compile.ts';
import { bundleMembers, signBundle } from '../core/policy_bundle/assemble.ts';
import { type BundleBody, parseBody } from '../core/policy_bundle/body.ts';
import { compileSigned } from '../core/policy_bundle/compile_signed.ts';
import { parseEnvelope } from '../core/policy_bundle/envelope.ts';
import { bundleProblemText } from '../core/policy_bundle/problems.ts';
import { verifyPolicyBundle } from '../core/policy_bundle/verify.ts';
import { timestampMs } from '../core/receipt/timestamp.ts';
import { bundleCrypto } from '../feed/bundle_crypto.ts';
import { digestOf } from '../feed/files.ts';
import { readPolicyKey } from '../keys/policy_key.ts';
import type { Signer } from '../keys/signer.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { memberDocuments, readBytes, readPolicyWithShadow } from './policy_input.ts';
import { problemLines } from './policy_text.ts';
import { writeFileAtomic } from './state.ts';

const DAY_MS = 86_400_000;
const DAYS_DEFAULT = 30;
const DAYS_MAX = 3_660;

export interface CompileArgs {
  readonly file: string;
  readonly shadow?: string;
  readonly output?: string;
  readonly json: boolean;
}

/** `policy compile <file>`: the canonical bytes of a document with everything that it inherits. */
export function policyCompile({ file, shadow, output, json }: CompileArgs): ExitCode {
  if (output !== undefined) refuseOther(output);
  const { compilation } = readPolicyWithShadow(file, shadow);
  if (output !== undefined) writeFileAtomic(output, compilation.policy.canonical, 0o644);
  const facts = { ...factsOf(compilation), ...(output === undefined ? {} : { output }) };
  if (json)
    process.stdout.write(
      `${JSON.stringify({ ok: true, ...facts, warnings: compilation.warnings }, null, 2)}\n`,
    );
  else {
    process.stdout.write(`${countsLine(compilation)}\n`);
    if (compilation.warnings.length > 0) process.stdout.write(problemLines(file, compilation.warnings));
    if (output !== undefined) process.stdout.write(`${output}: canonical, unsigned\n`);
  }
  return EXIT.ok;
}

/** One slip of the hand must not cost a document, or a key. */
function refuseOther(output: string): void {
  if (!existsSync(output)) return;
  const json = parseCanonicalJson(readBytes(output));
  const value = json.ok ? json.value : null;
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value['schema'] : '';
  if (String(schema).startsWith('clawgress/policy')) return;
  throw new CliError(EXIT.usage, `${output} exists and is no canonical policy`, 'choose another -o');
}

export interface SignArgs extends Omit<CompileArgs, 'output'> {
  readonly key: string;
  readonly output: string;
  readonly version?: string;
  readonly validFrom?: string;
  readonly validUntil?: string;
  readonly validDays?: string;
}

/** `policy sign <file> --key <key>`: one signed bundle. Its version is above that of the bundle it replaces. */
export function policySign(args: SignArgs): ExitCode {
  const signer = readPolicyKey(args.key);
  const { compilation } = readPolicyWithShadow(args.file, args.shadow);
  const { documents, ...named } = memberDocuments(compilation);
  const body: BundleBody = {
    v: 0,
    policy_id: compilation.policy.policy_id,
    version: versionOf(args),
    ...datesOf(args, Date.now()),
    ...named,
    members: bundleMembers(bundleCrypto.sha256, documents),
  };
  const file = signedFile(body, signer);
  writeFileAtomic(args.output, file, 0o644);
  const { version, valid_until } = body;
  const facts = {
    output: args.output,
    version,
    valid_until,
    bundle_digest: digestOf(file),
    key_id: signer.keyId,
  };
  if (args.json)
    process.stdout.write(`${JSON.stringify({ ok: true, ...factsOf(compilation), ...facts }, null, 2)}\n`);
  else {
    process.stdout.write(`${countsLine(compilation)}\n`);
    process.stdout.write(
      `${args.output}: version ${version}, valid until ${valid_until}, ${facts.bundle_digest}\n`,
    );
  }
  return EXIT.ok;
}

/** Nothing is written that a gateway would refuse for what it is. */
function signedFile(body: BundleBody, signer: Signer): Uint8Array {
  const file = signedOr(body, signer);
  const key = { keyId: signer.keyId, algorithm: 'ed25519', purpose: 'policy', validFromMs: 0 } as const;
  const verified = verifyPolicyBundle(file, {
    keys: { keys: [{ ...key, spkiDer: signer.spkiDer, raw: signer.raw }] },
    crypto: bundleCrypto,
    nowMs: timestampMs(body.valid_until) ?? 0,
    compile: compileSigned,
  });
  if (verified.ok) return file;
  throw unacceptable(bundleProblemText(verified.problem));
}

function signedOr(body: BundleBody, signer: Signer): Uint8Array {
  try {
    return signBundle(body, signer);
  } catch (error) {
    if (error instanceof RangeError) throw unacceptable(error.message);
    throw error;
  }
}

function unacceptable(why: string): CliError {
  return new CliError(EXIT.no, `nothing is written: no gateway would accept this bundle: ${why}`);
}

function versionOf({ output, version }: SignArgs): number {
  const last = lastVersion(output);
  if (version === undefined) return (last ?? 0) + 1;
  const wanted = /^[1-9][0-9]{0,15}$/.test(version) ? Number(version) : 0;
  if (wanted > (last ?? 0) && Number.isSafeInteger(wanted)) return wanted;
  throw new CliError(
    EXIT.usage,
    `--version: found ${version}; allowed: an integer above ${last ?? 0}`,
    last === undefined ? undefined : `leave it out for ${last + 1}; ${output} has version ${last}`,
  );
}

function lastVersion(output: string): number | undefined {
  if (!existsSync(output)) return undefined;
  const envelope = parseEnvelope(readBytes(output));
  const body = envelope.ok ? parseBody(envelope.value.body) : envelope;
  if (body.ok) return body.value.version;
  throw new CliError(EXIT.usage, `${output} exists and is no policy bundle`, 'choose another -o');
}

function datesOf(
  { validFrom, validUntil, validDays }: SignArgs,
  nowMs: number,
): Pick<BundleBody, 'issued_at' | 'valid_from' | 'valid_until'> {
  if (validUntil !== undefined && validDays !== undefined)
    throw new CliError(EXIT.usage, 'found --valid-until and --valid-days; allowed: one of them');
  const until = validUntil ?? new Date(nowMs + daysOf(validDays) * DAY_MS).toISOString();
  const valid_until = timeOf('--valid-until', until);
  const valid_from = validFrom === undefined ? undefined : timeOf('--valid-from', validFrom);
  if (valid_until <= (valid_from ?? new Date(nowMs).toISOString()))
    throw new CliError(EXIT.usage, `--valid-until: found ${valid_until}; allowed: a time after the start`);
  const issued_at = new Date(nowMs).toISOString();
  return { issued_at, ...(valid_from === undefined ? {} : { valid_from }), valid_until };
}

function daysOf(text: string | undefined): number {
  if (text === undefined) return DAYS_DEFAULT;
  if (/^[1-9][0-9]{0,3}$/.test(text) && Number(text) <= DAYS_MAX) return Number(text);
  throw new CliError(EXIT.usage, `--valid-days: found ${text}; allowed: 1 to ${DAYS_MAX}`);
}

/** A moment in the spelling of records; people may leave the milliseconds out. */
export function timeOf(flag: string, text: string): string {
  const full = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? text.replace('Z', '.000Z') : text;
  if (timestampMs(full) !== undefined) return full;
  throw new CliError(EXIT.usage, `${flag}: found ${text}; allowed: a time such as 2026-12-31T00:00:00Z`);
}

function factsOf({ policy, plan, ancestors, shadow }: Compilation) {
  return {
    policy_id: policy.policy_id,
    policy_hash: policy.policy_hash,
    ...(policy.shadow_hash === undefined ? {} : { shadow_hash: policy.shadow_hash }),
    documents: 1 + ancestors.length + (shadow === undefined ? 0 : 1),
    rules: plan.rules.length,
    limits: plan.limits.length,
  };
}

function countsLine(compilation: Compilation): string {
  const { policy_id, policy_hash, documents, rules, limits } = factsOf(compilation);
  const tests = compilation.document.tests?.length ?? 0;
  return `${policy_id} ${policy_hash}: ${documents} document(s), ${rules} rule(s), ${limits} limit(s), ${tests} test(s) passed`;
}
