/**
 * The ways in, what can become of a request on each, and which clients go each way. Everything about the matrix is
 * derived from here: the policy's names, the tests, the tables of docs/modes.md.
 */
import type { InterceptMode } from '../../../src/core/request/egress_request.ts';

interface Way {
  readonly title: string;
  readonly way: InterceptMode;
  readonly tunnel: 'passthrough' | 'raw' | 'intercept' | undefined;
  readonly entry: 'proxy' | 'base' | 'redirected';
}

/**
 * `way`: the mode that the receipt of a request names; `tunnel`: what its CONNECT opens, or the connection that was
 * redirected; `entry`: where clients connect to; redirected ones know of no gateway.
 */
export const MODES = {
  plain: { title: 'plain HTTP through the proxy', way: 'explicit', tunnel: undefined, entry: 'proxy' },
  opaque: {
    title: 'CONNECT, TLS passed on (`kind: connect`)',
    ...{ way: 'connect', tunnel: 'passthrough', entry: 'proxy' },
  },
  raw: { title: 'CONNECT, any bytes (`kind: tcp`)', way: 'connect', tunnel: 'raw', entry: 'proxy' },
  'inside-h1': {
    title: 'CONNECT, intercepted, HTTP/1.1 inside',
    ...{ way: 'intercepted', tunnel: 'intercept', entry: 'proxy' },
  },
  'inside-h2': {
    title: 'CONNECT, intercepted, HTTP/2 inside',
    ...{ way: 'intercepted', tunnel: 'intercept', entry: 'proxy' },
  },
  'base-host': {
    title: 'base URL, destination in `Host`',
    ...{ way: 'base_url', tunnel: undefined, entry: 'base' },
  },
  'base-to': {
    title: 'base URL, destination in `/_to/`',
    ...{ way: 'base_url', tunnel: undefined, entry: 'base' },
  },
  'redirected-plain': {
    title: 'redirected, plain HTTP, agent known by user id',
    ...{ way: 'transparent', tunnel: undefined, entry: 'redirected' },
  },
  'redirected-opaque': {
    title: 'redirected, TLS passed on, agent known by user id',
    ...{ way: 'transparent', tunnel: 'passthrough', entry: 'redirected' },
  },
  'redirected-inside': {
    title: 'redirected, TLS intercepted, agent known by user id',
    ...{ way: 'intercepted', tunnel: 'intercept', entry: 'redirected' },
  },
  'redirected-header': {
    title: 'redirected, TLS ended, agent known by its header',
    ...{ way: 'transparent', tunnel: undefined, entry: 'redirected' },
  },
} as const satisfies Readonly<Record<string, Way>>;
export type Mode = keyof typeof MODES;

export const VERDICTS = {
  allow: 'a rule allows it',
  deny: 'a rule denies it',
  anonymous: 'no credential',
  limited: 'its limit is used up',
  oversize: 'path or headers over the bound',
  'upstream-down': 'nobody listens at the destination',
  'service-down': 'the gateway does not answer Envoy',
  'client-abort': 'the client leaves before the answer',
} as const;
export type Verdict = keyof typeof VERDICTS;

export const PROGRAMS = {
  node: 'Node',
  requests: 'Python requests',
  httpx: 'Python httpx',
  git: 'git',
  pip: 'pip',
  npm: 'npm',
} as const;
export type Program = keyof typeof PROGRAMS;

export interface Ran {
  /** `CONNECT <status>` of the tunnel, then `<status> <code>` or how the client failed. */
  readonly answer: string;
  /** Each decision in order: `<verdict> <reason>`, and for an allow the state (and cause) of its outcome. */
  readonly records: readonly string[];
  /** How many requests reached the destination. */
  readonly hits: 0 | 1;
}

/** A cell that does not run, and why. */
export interface NotApplicable {
  readonly because: string;
}

const ran = (hits: 0 | 1, answer: string, ...records: string[]): Ran => ({ answer, records, hits });
const OPENED = 'allow POLICY_ALLOW completed';

/** Full sight of each request, refusals with the status that an origin or a proxy gives. */
const judged = (unauthorised: 401 | 407): Readonly<Record<Verdict, Ran>> => ({
  allow: ran(1, '200', OPENED),
  deny: ran(0, '403 POLICY_DENY', 'deny POLICY_DENY'),
  anonymous: ran(0, `${unauthorised} IDENTITY_MISSING`, 'deny IDENTITY_MISSING'),
  limited: ran(0, '429 LIMIT_RPM', 'deny LIMIT_RPM'),
  oversize: ran(0, '403 REQUEST_TOO_LARGE', 'deny REQUEST_TOO_LARGE'),
  'upstream-down': ran(0, '502 UPSTREAM_UNREACHABLE', 'allow POLICY_ALLOW not_sent'),
  'service-down': ran(0, '503 GATEWAY_UNAVAILABLE'),
  'client-abort': ran(1, 'left', 'allow POLICY_ALLOW client_abort'),
});

/**
 * One decision for the tunnel, nothing is known of what goes through: a tunnel that stood is complete, whoever closed
 * it. An opaque one is answered before anything is dialled, because the name in its TLS has to be seen first.
 */
const opaque: Readonly<Record<Verdict, Ran>> = {
  allow: ran(1, 'CONNECT 200, 200', OPENED),
  deny: ran(0, 'CONNECT 403 POLICY_DENY', 'deny POLICY_DENY'),
  anonymous: ran(0, 'CONNECT 407 IDENTITY_MISSING', 'deny IDENTITY_MISSING'),
  limited: ran(0, 'CONNECT 429 LIMIT_RPM', 'deny LIMIT_RPM'),
  oversize: ran(0, 'CONNECT 431 REQUEST_REFUSED'),
  'upstream-down': ran(0, 'CONNECT 200, broken', 'allow POLICY_ALLOW not_sent'),
  'service-down': ran(0, 'CONNECT 503 GATEWAY_UNAVAILABLE'),
  'client-abort': ran(1, 'left', OPENED),
};

const raw: Readonly<Record<Verdict, Ran>> = {
  ...opaque,
  'upstream-down': ran(0, 'CONNECT 502 UPSTREAM_UNREACHABLE', 'allow POLICY_ALLOW not_sent'),
};

/** One decision for the tunnel and one for each request inside. */
const intercepted: Readonly<Record<Verdict, Ran>> = {
  allow: ran(1, 'CONNECT 200, 200', OPENED, OPENED),
  deny: ran(0, 'CONNECT 200, 403 POLICY_DENY', OPENED, 'deny POLICY_DENY'),
  anonymous: ran(0, 'CONNECT 407 IDENTITY_MISSING', 'deny IDENTITY_MISSING'),
  limited: ran(0, 'CONNECT 200, 429 LIMIT_RPM', OPENED, 'deny LIMIT_RPM'),
  oversize: ran(0, 'CONNECT 200, 403 REQUEST_TOO_LARGE', OPENED, 'deny REQUEST_TOO_LARGE'),
  'upstream-down': ran(0, 'CONNECT 200, 502 UPSTREAM_UNREACHABLE', OPENED, 'allow POLICY_ALLOW not_sent'),
  'service-down': ran(0, 'CONNECT 200, 503 GATEWAY_UNAVAILABLE', OPENED),
  'client-abort': ran(1, 'left', OPENED, 'allow POLICY_ALLOW client_abort'),
};

const NOTHING_VISIBLE = {
  because: 'a name and a port are all that is visible, and both are bounded by TLS and TCP',
};

/** Redirected TLS that is judged as a whole: who is refused sees a connection that ends, because TLS has no words for it. */
const redirectedOpaque: Readonly<Record<Verdict, Ran | NotApplicable>> = {
  allow: ran(1, '200', OPENED),
  deny: ran(0, 'broken', 'deny POLICY_DENY'),
  anonymous: ran(0, 'broken', 'deny IDENTITY_MISSING'),
  limited: ran(0, 'broken', 'deny LIMIT_RPM'),
  oversize: NOTHING_VISIBLE,
  'upstream-down': ran(0, 'broken', 'allow POLICY_ALLOW not_sent'),
  'service-down': ran(0, 'broken'),
  'client-abort': ran(1, 'left', OPENED),
};

const redirectedInside: Readonly<Record<Verdict, Ran>> = {
  allow: ran(1, '200', OPENED, OPENED),
  deny: ran(0, '403 POLICY_DENY', OPENED, 'deny POLICY_DENY'),
  anonymous: ran(0, 'broken', 'deny IDENTITY_MISSING'),
  limited: ran(0, '429 LIMIT_RPM', OPENED, 'deny LIMIT_RPM'),
  oversize: ran(0, '403 REQUEST_TOO_LARGE', OPENED, 'deny REQUEST_TOO_LARGE'),
  'upstream-down': ran(0, '502 UPSTREAM_UNREACHABLE', OPENED, 'allow POLICY_ALLOW not_sent'),
  'service-down': ran(0, '503 GATEWAY_UNAVAILABLE', OPENED),
  'client-abort': ran(1, 'left', OPENED, 'allow POLICY_ALLOW client_abort'),
};

/** What curl sees, what is recorded, and what the destination saw. */
export const CELLS: Readonly<Record<Mode, Readonly<Record<Verdict, Ran | NotApplicable>>>> = {
  plain: judged(407),
  opaque,
  raw,
  'inside-h1': intercepted,
  'inside-h2': intercepted,
  'base-host': judged(401),
  'base-to': judged(401),
  'redirected-plain': judged(401),
  'redirected-opaque': redirectedOpaque,
  'redirected-inside': redirectedInside,
  'redirected-header': judged(401),
};

/** Nobody decided it, so a `gap` record counts it. */
export function isGap({ answer, records }: Ran): boolean {
  return records.length === 0 || /GATEWAY_UNAVAILABLE|REQUEST_REFUSED/.test(answer);
}

const ONLY_HTTP1 = { because: 'speaks HTTP/1.1 only' };
const NO_HEADER = { because: 'sends no header of its own, so neither key nor destination' };
const EVERYBODY = { node: true, requests: true, httpx: true, git: true, pip: true, npm: true } as const;
const NO_KEY = { because: 'sends no header of its own, so no key' };
const WITH_HEADERS = { ...EVERYBODY, pip: NO_HEADER, npm: NO_HEADER } as const;

/** Whether the program goes this way, allowed. Refusals are curl's: they depend on the mode, not on the client. */
export const PROGRAM_CELLS: Readonly<Record<Mode, Readonly<Record<Program, true | NotApplicable>>>> = {
  plain: EVERYBODY,
  opaque: EVERYBODY,
  raw: EVERYBODY,
  'inside-h1': EVERYBODY,
  'inside-h2': {
    ...{ node: true, git: true },
    ...{ requests: ONLY_HTTP1, httpx: ONLY_HTTP1, pip: ONLY_HTTP1, npm: ONLY_HTTP1 },
  },
  'base-host': WITH_HEADERS,
  'base-to': WITH_HEADERS,
  'redirected-plain': EVERYBODY,
  'redirected-opaque': EVERYBODY,
  'redirected-inside': EVERYBODY,
  'redirected-header': { ...EVERYBODY, pip: NO_KEY, npm: NO_KEY },
};

export function keysOf<K extends string>(of: Readonly<Record<K, unknown>>): readonly K[] {
  return Object.keys(of) as K[];
}
