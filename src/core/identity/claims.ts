import { fail, ok, type Result } from '../result.ts';
import { CLAIM_LENGTH_MAX } from './agent.ts';
import type { IdentityProblem } from './principal.ts';

/** What one configured issuer's tokens have to satisfy. Times in seconds. */
export interface ClaimRules {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly leeway_s: number;
  readonly max_lifetime_s: number;
}

export interface TokenClaims {
  readonly subject: string;
  readonly times: TokenTimes;
}

/** NumericDates (RFC 7519): seconds since the epoch, fractions allowed. */
export interface TokenTimes {
  readonly iat: number;
  readonly exp: number;
  readonly nbf?: number;
}

const AUDIENCES_MAX = 64;
const LEEWAY_S_MAX = 60;

/** Claims of a token whose signature has been verified; everything but the clock is judged here. */
export function readClaims(
  claims: Readonly<Record<string, unknown>>,
  rules: ClaimRules,
): Result<TokenClaims, IdentityProblem> {
  const { iss, aud, sub, exp, iat, nbf } = claims;
  if (iss !== rules.issuer) return fail('IDENTITY_ISSUER');
  if (!namesAudience(aud, rules.audiences)) return fail('IDENTITY_AUDIENCE');
  if (typeof sub !== 'string' || sub === '' || sub.length > CLAIM_LENGTH_MAX)
    return fail('IDENTITY_MALFORMED');
  if (!isDate(exp) || !isDate(iat) || !(nbf === undefined || isDate(nbf))) return fail('IDENTITY_MALFORMED');
  // A token that outlives what we accept is as good as expired: it could not be revoked by waiting.
  if (exp - iat > rules.max_lifetime_s) return fail('IDENTITY_EXPIRED');
  return ok({ subject: sub, times: { iat, exp, ...(nbf === undefined ? {} : { nbf }) } });
}

/** The part that changes while a verified token sits in the cache. */
export function judgeTimes(times: TokenTimes, rules: ClaimRules, now_s: number): IdentityProblem | undefined {
  const leeway = Math.min(rules.leeway_s, LEEWAY_S_MAX);
  if (now_s >= times.exp + leeway) return 'IDENTITY_EXPIRED';
  if (now_s < times.iat - leeway || now_s < (times.nbf ?? times.iat) - leeway)
    return 'IDENTITY_NOT_YET_VALID';
  return undefined;
}

function namesAudience(aud: unknown, accepted: readonly string[]): boolean {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return (
    named.length <= AUDIENCES_MAX && named.some((one) => typeof one === 'string' && accepted.includes(one))
  );
}

function isDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
