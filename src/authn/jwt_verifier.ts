import { hash } from 'node:crypto';
import { compactVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import type { JwtIssuerSettings } from '../config/settings.ts';
import { judgeTimes, readClaims, type TokenTimes } from '../core/identity/claims.ts';
import type { IdentityProblem } from '../core/identity/principal.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { KeySet } from './key_set.ts';
import { type AuthnLog, KeySource, type KeySourceOptions } from './key_source.ts';
import { readTokenClaims, readTokenHead, type TokenHead } from './token.ts';

/** A token whose signature and claims hold. Who that is, and whether it may act, the registry says. */
export interface VerifiedToken {
  readonly issuer: JwtIssuerSettings;
  readonly subject: string;
  readonly jwk_id: string;
  readonly times: TokenTimes;
  /** Value of the issuer's run claim; empty when it is not text. */
  readonly run_label?: string;
  /** Verified with keys that were too old: good for nothing, unless the agent's environment has `fail_mode` open. */
  readonly stale?: true;
}

export type Verification = Result<VerifiedToken, IdentityProblem>;

export interface JwtVerifierOptions {
  readonly issuers: readonly JwtIssuerSettings[];
  readonly log: AuthnLog;
  /** Milliseconds since the epoch; for the age of key sets. */
  readonly now: () => number;
  /** Tokens are verified with keys that are too old, and marked so. */
  readonly allowStale?: boolean;
  readonly load?: KeySourceOptions['load'];
}

interface Party {
  readonly settings: JwtIssuerSettings;
  readonly source: KeySource;
}

interface CachedToken {
  readonly party: Party;
  /** The set that verified it: a withdrawn key takes its tokens along. */
  readonly keys: KeySet;
  readonly token: VerifiedToken;
}

const CACHED_TOKENS_MAX = 10_000;

export class JwtVerifier {
  private readonly parties: ReadonlyMap<string, Party>;
  private readonly allowStale: boolean;
  // Keyed by digest: the cache of a process that is dumped holds no usable token.
  private readonly cache = new LRUCache<string, CachedToken>({ max: CACHED_TOKENS_MAX });

  constructor({ issuers, log, now, allowStale = false, load }: JwtVerifierOptions) {
    this.allowStale = allowStale;
    const partyOf = (settings: JwtIssuerSettings): Party => {
      const max_age_ms = settings.jwks_max_age_s * 1_000;
      const common = { issuer: settings.issuer, location: settings.jwks, max_age_ms, log, now };
      return { settings, source: new KeySource(load ? { ...common, load } : common) };
    };
    this.parties = new Map(issuers.map((settings) => [settings.issuer, partyOf(settings)]));
  }

  /** Loads all key sets; resolves after the first attempts. A source that is down is retried in the background. */
  async start(): Promise<void> {
    await Promise.all([...this.parties.values()].map((party) => party.source.start()));
  }

  stop(): void {
    for (const party of this.parties.values()) party.source.stop();
  }

  /** Synchronous for a token seen before. `now_ms` judges the token's times. */
  verify(token: string, now_ms: number): Verification | Promise<Verification> {
    const digest = hash('sha256', token, 'base64');
    const cached = this.cache.get(digest);
    if (cached) {
      const usable = usableKeys(cached.party.source, this.allowStale);
      if (usable?.keys === cached.keys) return marked(judgeNow(cached.token, now_ms), usable.stale);
    }
    const head = readTokenHead(token);
    if (!head.ok) return head;
    const party = this.parties.get(head.value.issuer);
    if (!party) return fail('IDENTITY_ISSUER');
    if (!party.settings.algorithms.includes(head.value.alg)) return fail('IDENTITY_ALGORITHM');
    return this.verifyFresh(token, digest, head.value, party, now_ms);
  }

  private async verifyFresh(
    token: string,
    digest: string,
    head: TokenHead,
    party: Party,
    now_ms: number,
  ): Promise<Verification> {
    const chosen = await chooseKey(party.source, head, this.allowStale);
    if (!chosen.ok) return chosen;
    const { keys, stale, key, jwk_id } = chosen.value;
    const payload = await compactVerify(token, key, { algorithms: [head.alg] }).then(
      (verified) => verified.payload,
      () => undefined,
    );
    // With keys that are too old a wrong signature proves nothing: the issuer may have newer ones.
    if (!payload) return fail(stale ? 'IDENTITY_STALE_KEYS' : 'IDENTITY_SIGNATURE');
    const claims = readTokenClaims(payload) ?? {};
    const read = readClaims(claims, party.settings);
    if (!read.ok) return read;
    const verified = { issuer: party.settings, jwk_id, ...read.value, ...runLabel(claims, party.settings) };
    const judged = judgeNow(verified, now_ms);
    if (judged.ok) this.cache.set(digest, { party, keys, token: verified });
    return marked(judged, stale);
  }
}

interface Usable {
  readonly keys: KeySet;
  readonly stale: boolean;
}

type Chosen = Usable & Extract<Awaited<ReturnType<KeySet['select']>>, { ok: true }>['value'];

async function chooseKey(
  source: KeySource,
  head: TokenHead,
  allowStale: boolean,
): Promise<Result<Chosen, IdentityProblem>> {
  if (!source.current()) await source.settled();
  const first = await selectKey(source, head, allowStale);
  if (first.ok || first.problem !== 'IDENTITY_SIGNATURE') return first;
  // Keys rotate: an unknown key id may be one that was published since we last looked.
  await source.refreshForUnknownKey();
  return selectKey(source, head, allowStale);
}

async function selectKey(
  source: KeySource,
  head: TokenHead,
  allowStale: boolean,
): Promise<Result<Chosen, IdentityProblem>> {
  const usable = usableKeys(source, allowStale);
  if (usable === undefined) return fail('IDENTITY_STALE_KEYS');
  const key = await usable.keys.select(head.alg, head.kid);
  if (key.ok) return ok({ ...usable, ...key.value });
  return usable.stale ? fail('IDENTITY_STALE_KEYS') : key;
}

function usableKeys(source: KeySource, allowStale: boolean): Usable | undefined {
  const fresh = source.current();
  if (fresh !== undefined) return { keys: fresh, stale: false };
  const old = allowStale ? source.lastKnown() : undefined;
  return old === undefined ? undefined : { keys: old, stale: true };
}

function marked(verification: Verification, stale: boolean): Verification {
  return verification.ok && stale ? ok({ ...verification.value, stale: true }) : verification;
}

function judgeNow(token: VerifiedToken, now_ms: number): Verification {
  const problem = judgeTimes(token.times, token.issuer, now_ms / 1_000);
  return problem ? fail(problem) : ok(token);
}

function runLabel(
  claims: Readonly<Record<string, unknown>>,
  { run_claim }: JwtIssuerSettings,
): { run_label?: string } {
  const label = run_claim !== undefined && Object.hasOwn(claims, run_claim) ? claims[run_claim] : undefined;
  if (label === undefined) return {};
  return { run_label: typeof label === 'string' ? label : '' };
}
