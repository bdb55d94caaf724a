import type { Arrival } from './token.ts';

export type Verdict = 'held' | 'leaked' | 'not_tested';

/** What one try of a probe saw, in words, and what that proves. */
export interface Attempt {
  /** Names the try; the same text in a control run. */
  readonly attempt: string;
  readonly verdict: Verdict;
  readonly saw: string;
}

/** How a direct try ended. `code` is the system's name of the error. */
export type DirectSight =
  | { readonly kind: 'arrived'; readonly arrival: Arrival }
  /** No packet left: the kernel here has no way or no permission. */
  | { readonly kind: 'refused_here'; readonly code: string }
  /** A reset or an ICMP answer came back. */
  | { readonly kind: 'refused_there'; readonly code: string }
  /** Somebody took the connection or answered, without the proof of the target. */
  | { readonly kind: 'answered' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'failed'; readonly code: string };

/** Errors by which the kernel says that nothing was sent. */
const LOCAL = new Set(['EPERM', 'EACCES', 'EINVAL', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENETDOWN']);
const ANSWERED = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', 'EPROTO']);

/** `noRoute`: a look-up that sends nothing failed with the same error before. */
export function sightOfError(code: string, noRoute: boolean): DirectSight {
  if (noRoute || LOCAL.has(code)) return { kind: 'refused_here', code };
  return ANSWERED.has(code) ? { kind: 'refused_there', code } : { kind: 'failed', code };
}

/**
 * Without a control run only arrival and a refusal of this very kernel prove anything: an answer may come from the
 * network behind the guard, and silence from a target that is not there. With one, the target is known to answer.
 */
export function judgeDirect(attempt: string, sight: DirectSight, controlled: boolean): Attempt {
  const by = (verdict: Verdict, saw: string): Attempt => ({ attempt, verdict, saw });
  const unless = (saw: string, doubt: string) =>
    controlled
      ? by('held', `${saw}; the control run reached it`)
      : by('not_tested', `${saw}; ${doubt}: add --control`);
  switch (sight.kind) {
    case 'arrived':
      return by('leaked', 'the target answered with the proof of this run');
    case 'refused_here':
      return by('held', `refused by this host (${sight.code})`);
    case 'refused_there':
      return unless(`refused at once (${sight.code})`, 'the guard or the network behind it');
    case 'answered':
      return unless('somebody answered in its place', 'the guard or a stranger');
    case 'silent':
      return unless('sent, no answer', 'dropped, or nobody there');
    case 'failed':
      return by('not_tested', `could not try (${sight.code})`);
  }
}

/** How a try through the gateway ended. */
export type ProxySight =
  | { readonly kind: 'arrived'; readonly arrival: Arrival }
  /** An answer that bears the mark of the gateway. */
  | { readonly kind: 'gateway'; readonly status: number; readonly code: string }
  /** An answer without it. `bare`: no body and a hang-up, as a proxy answers what it cannot even read. */
  | { readonly kind: 'status'; readonly status: number; readonly bare: boolean }
  /** Hung up without an answer. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'silent' }
  /** No HTTP. */
  | { readonly kind: 'bytes' }
  | { readonly kind: 'failed'; readonly code: string };

/** The gateway had allowed these and failed further on. */
const SENT_ON = /^UPSTREAM_/;
/** It knew no agent by these credentials, so nothing was learnt about what an agent may do. */
const NOBODY = /^IDENTITY_/;

/** `anonymous`: the try was meant to lack credentials, so being refused for that is what it asked. */
export function judgeProxied(attempt: string, sight: ProxySight, anonymous = false): Attempt {
  const by = (verdict: Verdict, saw: string): Attempt => ({ attempt, verdict, saw });
  switch (sight.kind) {
    case 'arrived':
      return by('leaked', 'the target answered with the proof of this run');
    case 'gateway':
      return judgeCode(by, sight.status, sight.code, anonymous);
    case 'status':
      if (sight.status === 400 && sight.bare) return by('held', 'refused as malformed (400)');
      return by('leaked', `${sight.status} from behind the gateway`);
    case 'closed':
      return by('held', 'closed without an answer');
    case 'bytes':
      return by('leaked', 'bytes came back that the gateway did not write');
    case 'silent':
      return by('not_tested', 'no answer in time');
    case 'failed':
      return by('not_tested', `the gateway is out of reach (${sight.code})`);
  }
}

function judgeCode(
  by: (verdict: Verdict, saw: string) => Attempt,
  status: number,
  code: string,
  anonymous: boolean,
): Attempt {
  if (SENT_ON.test(code)) return by('leaked', `the gateway sent it on and failed there (${status} ${code})`);
  const isBusy = (status === 503 || status === 429) && code !== 'ADDRESS_REFUSED';
  if (isBusy) return by('not_tested', `refused for another reason (${status} ${code})`);
  if (!anonymous && NOBODY.test(code))
    return by('not_tested', `no agent is known by these credentials (${status} ${code})`);
  return by('held', `refused (${status} ${code})`);
}

/** One leak is a leak; one open question leaves the whole open. */
export function overall(attempts: readonly Attempt[]): Verdict {
  if (attempts.some(({ verdict }) => verdict === 'leaked')) return 'leaked';
  const isHeld = attempts.length > 0 && attempts.every(({ verdict }) => verdict === 'held');
  return isHeld ? 'held' : 'not_tested';
}
