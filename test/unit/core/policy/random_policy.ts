import fc from 'fast-check';
import type { EgressRequest } from '../../../../src/core/request/egress_request.ts';
import { normalisePath } from '../../../../src/core/request/path.ts';
import type { Limit, Match, PolicyDocument, Rule, TestAgent } from '../../../../src/gen/policy_document.ts';

/** Few values for everything, so that rules and requests meet often. */
const some = <T>(...values: T[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
const without = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));

const HOSTS = [
  'a.example',
  'b.a.example',
  'c.b.a.example',
  '*.a.example',
  '*.b.a.example',
  '192.0.2.1',
  '2001:db8::1',
];
const PREFIXES = ['/', '/a', '/a/b', '/a/', '/admin', '/a;x'];

const agent = fc
  .record({
    agent_id: maybe(some('a1', 'a2')),
    team_id: maybe(some('t1', 't2')),
    project_id: maybe(some('p1', 'p2')),
    auth_type: maybe(maybe(some('api_key', 'jwt', 'source'))),
  })
  .map(without)
  .map((ids) => (Object.keys(ids).length === 0 ? undefined : ids));

const destination = fc
  .record({
    hosts: maybe(some(...HOSTS)),
    ports: maybe(some(443, 80)),
    schemes: maybe(some('http', 'https', 'tcp')),
  })
  .map(without)
  .map((parts) => (Object.keys(parts).length === 0 ? undefined : parts));

export const matches: fc.Arbitrary<Match> = fc
  .record({
    agent,
    destination,
    methods: maybe(some('GET', 'POST')),
    path_prefixes: maybe(some(...PREFIXES)),
    query: maybe(fc.constant({ absent: ['q'] })),
    protocol: maybe(fc.constantFrom('http', 'connect', 'tcp', 'websocket', 'grpc').map((kind) => ({ kind }))),
  })
  .map((parts) => without(parts) as Match);

const cap = maybe(fc.constantFrom(1, 5, 9));
const streams = {
  stream: maybe(fc.record({ max_bytes: cap, max_seconds: cap, max_message_bytes: cap }).map(without)),
  frames: maybe(fc.constantFrom('observe' as const, 'block' as const)),
};

interface Asked {
  readonly stream: Rule['stream'] | undefined;
  readonly frames: Rule['frames'] | undefined;
}

/** What the compiler accepts of these on a rule of this kind. */
function fitting({ stream, frames }: Asked, kind: string | undefined) {
  const isRead = kind === 'websocket' && frames !== undefined;
  const { max_message_bytes, ...rest } = stream ?? {};
  const caps = isRead ? without({ ...rest, max_message_bytes }) : rest;
  const isCapped = (kind === 'websocket' || kind === 'grpc') && Object.keys(caps).length > 0;
  return { stream: isCapped ? caps : undefined, frames: isRead ? frames : undefined };
}

export const rules: fc.Arbitrary<Omit<Rule, 'id'>> = fc
  .record({
    match: matches,
    action: fc.constantFrom(
      'allow' as const,
      'allow' as const,
      'deny' as const,
      'alert' as const,
      'log_only' as const,
    ),
    priority: maybe(fc.constantFrom(0, 1)),
    enabled: maybe(fc.constantFrom(true, true, false)),
    shadow: maybe(fc.boolean()),
    path: maybe(fc.constantFrom('deny_ambiguous' as const, 'rewrite' as const, 'raw' as const)),
    tls: maybe(fc.constantFrom('intercept' as const, 'passthrough' as const, 'deny' as const)),
    ...streams,
  })
  .map((parts) => settled(without(parts) as Omit<Rule, 'id'>));

/** Takes away the combinations that the compiler refuses. */
function settled(rule: Omit<Rule, 'id'>): Omit<Rule, 'id'> {
  const { path, shadow, match = {}, tls, stream, frames, ...rest } = rule;
  const isAllow = rule.action === 'allow';
  const judges = isAllow || rule.action === 'deny';
  const needsHost = isAllow && !match.destination?.hosts;
  const open = needsHost
    ? { ...match, destination: { ...match.destination, any_host: true as const } }
    : match;
  return without({
    ...rest,
    match: open,
    path: isAllow ? path : undefined,
    shadow: judges ? shadow : undefined,
    tls: isAllow && fits(tls, match.protocol?.kind) ? tls : undefined,
    ...(isAllow ? fitting({ stream, frames }, match.protocol?.kind) : {}),
  }) as Omit<Rule, 'id'>;
}

/** Without rules this wide nearly nothing is allowed. */
export const wideRules: fc.Arbitrary<Omit<Rule, 'id'>> = fc
  .record({
    path: fc.constantFrom('deny_ambiguous' as const, 'rewrite' as const, 'raw' as const),
    kind: fc.constantFrom(
      ...[undefined, undefined, undefined, 'websocket', 'websocket', 'grpc', 'connect', 'tcp'],
    ) as fc.Arbitrary<NonNullable<Match['protocol']>['kind'] | undefined>,
    ...streams,
    isInside: fc.boolean(),
    hosts: maybe(some(...HOSTS)),
  })
  .map(({ path, kind, isInside, hosts, ...asked }) => ({
    action: 'allow',
    path,
    ...without(fitting(asked, kind)),
    ...(isInside && kind === undefined ? { tls: 'intercept' as const } : {}),
    match: {
      destination: hosts ? { hosts: hosts as [string] } : { any_host: true },
      ...(kind ? { protocol: { kind } } : {}),
    },
  }));

function fits(tls: Rule['tls'], kind: string | undefined): boolean {
  const isOfTunnels = kind === 'connect' || kind === 'tcp';
  return tls === 'intercept' ? !isOfTunnels : tls === 'deny' || kind === 'connect';
}

const limit = fc
  .record({ match: matches, per: fc.constantFrom('agent' as const, 'team' as const), rps: fc.constant(5) })
  .map((parts) => parts as Omit<Limit, 'id'>);

export const documents: fc.Arbitrary<PolicyDocument> = fc

  .record({
    rules: fc.array(fc.oneof({ weight: 5, arbitrary: rules }, { weight: 1, arbitrary: wideRules }), {
      maxLength: 24,
    }),
    limits: fc.array(limit, { maxLength: 20 }),
  })
  .map(({ rules, limits }) => ({
    schema: 'clawgress/policy/v1',
    id: 'random',
    rules: rules.map((one, i) => ({ id: `r${i}`, ...one })),
    limits: limits.map((one, i) => ({ id: `l${i}`, ...one })),
  }));

export const agents: fc.Arbitrary<TestAgent> = fc.record({
  agent_id: fc.constantFrom('a1', 'a2', 'a3'),
  team_id: fc.constantFrom('t1', 't2'),
  project_id: fc.constantFrom('p1', 'p2'),
  auth_type: fc.constantFrom('api_key', 'jwt', 'source'),
});

const PATHS = [
  '/',
  '/a',
  '/a/b',
  '/ab',
  '/admin',
  '/a/../admin',
  '/%61dmin',
  '/a;x',
  '/admin;y/z',
  '/;x/admin',
  '//a',
  '/a/',
];

const place = fc.constantFrom(
  { host: 'a.example', host_kind: 'name' as const },
  { host: 'b.a.example', host_kind: 'name' as const },
  { host: 'c.b.a.example', host_kind: 'name' as const },
  { host: 'x.c.b.a.example', host_kind: 'name' as const },
  { host: 'aa.example', host_kind: 'name' as const },
  { host: '192.0.2.1', host_kind: 'ipv4' as const },
  { host: '2001:db8::1', host_kind: 'ipv6' as const },
);

export const requests: fc.Arbitrary<EgressRequest> = fc
  .record({
    place,
    port: fc.constantFrom(443, 80),
    isTunnel: fc.constantFrom(true, true, false, false, false),
    way: fc.constantFrom('plain', 'plain', 'inside', 'transparent'),
    protocol: fc.constantFrom('http' as const, 'http' as const, 'websocket' as const, 'grpc' as const),
    scheme: fc.constantFrom('http' as const, 'https' as const),
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    path: fc.option(fc.constantFrom(...PATHS), { nil: undefined, freq: 12 }),
    query_names: fc.subarray(['_method', 'q', 'z']),
    override_headers: fc.constantFrom([], [], [], ['x-http-method']),
  })
  .map((drawn) => (drawn.isTunnel ? tunnelOf(drawn) : exchangeOf(drawn)) as EgressRequest);

interface Drawn {
  readonly place: Pick<EgressRequest, 'host' | 'host_kind'>;
  readonly port: number;
  readonly way: string;
  readonly protocol: 'http' | 'websocket' | 'grpc';
  readonly scheme: 'http' | 'https';
  readonly method: string;
  readonly path: string | undefined;
  readonly query_names: readonly string[];
  readonly override_headers: readonly string[];
}

const NOTHING_MORE = { credential_forwarded: false, has_body: false };

/** Where a transparent connection went: the address itself, or the one of the resolver for a name. */
function dialled({ place: { host, host_kind }, port }: Drawn): string {
  return `${host_kind === 'name' ? '198.18.0.7' : host_kind === 'ipv6' ? `[${host}]` : host}:${port}`;
}

function tunnelOf(drawn: Drawn): object {
  const { place, port, way, override_headers } = drawn;
  const isName = place.host_kind === 'name';
  const opened =
    way === 'transparent'
      ? {
          mode: 'transparent',
          visibility: isName ? 'sni' : 'authority',
          original_destination: dialled(drawn),
          ...(isName ? { sni: place.host } : {}),
        }
      : { mode: 'connect', visibility: 'authority' };
  return {
    ...{ ...place, port, override_headers, ...NOTHING_MORE, ...opened },
    ...{ protocol: 'connect', scheme: 'tcp', path_ambiguous: false, query_names: [] },
  };
}

function exchangeOf(drawn: Drawn): object {
  const { place, port, way, protocol, path, query_names, override_headers } = drawn;
  const path_normal = path === undefined ? undefined : normalisePath(path);
  const scheme = way === 'inside' ? 'https' : drawn.scheme;
  const isNamed = way !== 'plain' && scheme === 'https' && place.host_kind === 'name';
  return {
    ...{ ...place, port, override_headers, ...NOTHING_MORE, has_body: protocol === 'grpc' },
    ...{ visibility: 'full', protocol, scheme, query_names },
    method: { http: drawn.method, websocket: 'GET', grpc: 'POST' }[protocol],
    mode: { plain: 'explicit', inside: 'intercepted', transparent: 'transparent' }[way],
    ...(way === 'transparent' ? { original_destination: dialled(drawn) } : {}),
    ...(isNamed ? { sni: place.host } : {}),
    ...(path === undefined || path_normal === undefined ? {} : { path, path_normal }),
    path_ambiguous: path_normal !== path,
  };
}
