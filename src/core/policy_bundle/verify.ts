import type { TrustedKey, TrustFile } from '../bundle/trust_file.ts';
import { decodeBase64Strict } from '../canonical/base64.ts';
import { preAuthEncoding } from '../canonical/dsse.ts';
import { toHex } from '../canonical/hex.ts';
import { utf8DecodeStrict } from '../canonical/utf8.ts';
import type { CompiledPolicy, PolicyProblem } from '../policy/compiled.ts';
import { timestampMs } from '../receipt/timestamp.ts';
import { fail, ok, type Result } from '../result.ts';
import type { VerifyCrypto } from '../verify/crypto.ts';
import { isStrictPublicKey, isStrictSignature } from '../verify/ed25519_strict.ts';
import { type BundleBody, parseBody } from './body.ts';
import { POLICY_BUNDLE_PAYLOAD_TYPE, parseEnvelope } from './envelope.ts';
import type { BundleProblem } from './problems.ts';

/** The documents of one policy, as the policy compiler takes them. */
export interface PolicySources {
  readonly entry: SourceText;
  /** Documents that `inherits` may name. */
  readonly others: readonly SourceText[];
  readonly shadow?: SourceText;
}

export interface SourceText {
  readonly file: string;
  readonly text: string;
}

/** Identity and canonical bytes of what the documents compile to, and which of them that took. */
export interface CompiledSources
  extends Pick<CompiledPolicy, 'policy_id' | 'policy_hash' | 'canonical' | 'shadow_hash'> {
  /** Ids of everything that entry and shadow inherit. */
  readonly inherited: readonly string[];
}

export interface BundleTrust {
  readonly keys: TrustFile;
  readonly crypto: Pick<VerifyCrypto, 'sha256' | 'verifyEd25519'>;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Compiles the documents with `trust: 'signed'` and runs their tests. */
  readonly compile: (sources: PolicySources) => Result<CompiledSources, readonly PolicyProblem[]>;
  /** What was accepted before; without it there is no protection against an older bundle. */
  readonly accepted?: AcceptedVersion;
}

/** The highest version a gateway has accepted, and which bundle that was. */
export interface AcceptedVersion {
  readonly version: number;
  /** `sha256:<hex>` of the bundle file. */
  readonly bundle_digest: string;
}

export interface VerifiedBundle {
  readonly body: BundleBody;
  readonly bundle_digest: string;
  /** The policy key. */
  readonly key_id: string;
  readonly valid_until_ms: number;
  readonly policy: CompiledSources;
  /** Only for the bundle that was accepted before: what would refuse it if it were new. */
  readonly lapse?: BundleProblem;
}

/**
 * Envelope, key, signature, dates, version, digests, documents with their tests, in this order: nothing of a body is
 * believed before its signature holds. A bundle that was accepted before and is not vouched for any more (expired, key
 * revoked or past its time) comes back with a `lapse`; a new one is refused for the same reason.
 */
export function verifyPolicyBundle(
  file: Uint8Array,
  trust: BundleTrust,
): Result<VerifiedBundle, BundleProblem> {
  const signed = openSigned(file, trust);
  if (!signed.ok) return signed;
  const { body, key } = signed.value;
  const bundle_digest = digestOf(trust, file);
  const untimely = keyLapse(key, trust.nowMs) ?? dateLapse(body, trust.nowMs);
  const isAccepted = trust.accepted?.bundle_digest === bundle_digest;
  if (untimely !== undefined && !isAccepted) return fail(untimely);
  const rolled = rollback(body, bundle_digest, trust.accepted);
  if (rolled !== undefined) return fail(rolled);
  const sources = sourcesOf(body, trust);
  if (!sources.ok) return sources;
  const compiled = compileSources(body, sources.value, trust);
  if (!compiled.ok) return compiled;
  return ok({
    body,
    bundle_digest,
    key_id: key.keyId,
    valid_until_ms: timestampMs(body.valid_until) ?? 0,
    policy: compiled.value,
    ...(untimely === undefined ? {} : { lapse: untimely }),
  });
}

/** The signed body and the key that vouches for it, whatever the time is. */
export function openSigned(
  file: Uint8Array,
  { keys, crypto }: Pick<BundleTrust, 'keys' | 'crypto'>,
): Result<{ body: BundleBody; key: TrustedKey }, BundleProblem> {
  const envelope = parseEnvelope(file);
  if (!envelope.ok) return refused(envelope.problem, `${file.length} bytes`);
  const { keyId, signature } = envelope.value;
  const key = keys.keys.find((one) => one.keyId === keyId);
  if (key === undefined) return refused('KEY_UNKNOWN', keyId);
  if (key.purpose !== 'policy') return refused('KEY_PURPOSE', `${keyId} is a ${key.purpose} key`);
  if (key.algorithm !== 'ed25519' || !isStrictPublicKey(key.raw)) return refused('KEY_INVALID', keyId);
  const message = preAuthEncoding(POLICY_BUNDLE_PAYLOAD_TYPE, envelope.value.body);
  const holds = isStrictSignature(signature) && crypto.verifyEd25519(key.raw, message, signature);
  if (!holds) return refused('SIGNATURE_INVALID', keyId);
  const body = parseBody(envelope.value.body);
  return body.ok ? ok({ body: body.value, key }) : refused(body.problem.code, body.problem.at || '/');
}

/** A signature can be dated back, so a revoked or expired key vouches for nothing new, whenever it claims to have signed. */
export function keyLapse(key: TrustedKey, nowMs: number): BundleProblem | undefined {
  const { keyId, validFromMs, validUntilMs, revokedAtMs } = key;
  if (revokedAtMs !== undefined && revokedAtMs <= nowMs) return { code: 'KEY_REVOKED', detail: keyId };
  if (validUntilMs !== undefined && validUntilMs < nowMs) return { code: 'KEY_EXPIRED', detail: keyId };
  return validFromMs > nowMs ? { code: 'KEY_NOT_YET_VALID', detail: keyId } : undefined;
}

function dateLapse(body: BundleBody, nowMs: number): BundleProblem | undefined {
  const from = timestampMs(body.valid_from ?? '') ?? 0;
  if (from > nowMs) return { code: 'BUNDLE_NOT_YET_VALID', detail: `valid_from ${body.valid_from ?? ''}` };
  const isOver = (timestampMs(body.valid_until) ?? 0) < nowMs;
  return isOver ? { code: 'BUNDLE_EXPIRED', detail: `valid_until ${body.valid_until}` } : undefined;
}

/** Versions rise; the same version again is the same file again. */
function rollback(
  { version }: BundleBody,
  bundle_digest: string,
  accepted: AcceptedVersion | undefined,
): BundleProblem | undefined {
  if (accepted === undefined || version > accepted.version) return undefined;
  if (version === accepted.version && bundle_digest === accepted.bundle_digest) return undefined;
  const other = version === accepted.version ? ' with another digest' : '';
  return {
    code: 'ROLLBACK',
    detail: `version ${version}${other}; accepted: ${accepted.version}, ${accepted.bundle_digest}`,
  };
}

/** The documents, once each is what its digest says. */
function sourcesOf(body: BundleBody, trust: BundleTrust): Result<PolicySources, BundleProblem> {
  const texts = new Map<string, string>();
  for (const { name, digest, content_b64 } of body.members) {
    const content = decodeBase64Strict(content_b64);
    if (!content.ok) return refused('MEMBERS_INVALID', `${name} is not base64`);
    if (digestOf(trust, content.value) !== digest) return refused('MEMBER_DIGEST', name);
    const text = textOf(content.value);
    if (text === undefined) return refused('MEMBERS_INVALID', `${name} is not UTF-8`);
    texts.set(name, text);
  }
  const at = (file: string): SourceText => ({ file, text: texts.get(file) ?? '' });
  const others = body.members.filter(({ name }) => name !== body.entry && name !== body.shadow);
  return ok({
    entry: at(body.entry),
    others: others.map(({ name }) => at(name)),
    ...(body.shadow === undefined ? {} : { shadow: at(body.shadow) }),
  });
}

function compileSources(
  body: BundleBody,
  sources: PolicySources,
  trust: BundleTrust,
): Result<CompiledSources, BundleProblem> {
  const compiled = trust.compile(sources);
  if (!compiled.ok) {
    const [first] = compiled.problem;
    const detail = first === undefined ? body.entry : `${first.file} ${first.code}: ${first.message}`;
    return fail({ code: 'POLICY_INVALID', detail, mistakes: compiled.problem });
  }
  const { policy_id, inherited } = compiled.value;
  if (policy_id !== body.policy_id)
    return refused('POLICY_ID_MISMATCH', `${policy_id} instead of ${body.policy_id}`);
  const names = new Set(inherited.map(memberName));
  const unused = sources.others.find(({ file }) => !names.has(file));
  return unused === undefined ? ok(compiled.value) : refused('MEMBER_UNUSED', unused.file);
}

/** Documents are named after their id. */
export function memberName(id: string): string {
  return `${id}.json`;
}

function digestOf({ crypto }: BundleTrust, bytes: Uint8Array): string {
  return `sha256:${toHex(crypto.sha256(bytes))}`;
}

function textOf(bytes: Uint8Array): string | undefined {
  const text = utf8DecodeStrict(bytes);
  return text.ok ? text.value : undefined;
}

function refused(code: BundleProblem['code'], detail: string): { ok: false; problem: BundleProblem } {
  return { ok: false, problem: { code, detail } };
}
