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
    protocol: maybe(fc.constantFrom({ kind: 'http' }, { kind: 'connect' }, { kind: 'tcp' })),
  })
  .map((parts) => without(parts) as Match);

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
  })
  .map((parts) => settled(without(parts) as Omit<Rule, 'id'>));

/** Takes away the combinations that the compiler refuses. */
function settled(rule: Omit<Rule, 'id'>): Omit<Rule, 'id'> {
  const { path, shadow, match = {}, tls, ...rest } = rule;
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
  }) as Omit<Rule, 'id'>;
}

/** Without rules this wide nearly nothing is allowed. */
export const wideRules: fc.Arbitrary<Omit<Rule, 'id'>> = fc
  .record({
    path: fc.constantFrom('deny_ambiguous' as const, 'rewrite' as const, 'raw' as const),
    kind: fc.constantFrom(undefined, undefined, 'connect' as const, 'tcp' as const),
    isInside: fc.boolean(),
    hosts: maybe(some(...HOSTS)),
  })
  .map(({ path, kind, isInside, hosts }) => ({
    action: 'allow',
    path,
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
    isInside: fc.boolean(),
    scheme: fc.constantFrom('http' as const, 'https' as const),
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    path: fc.option(fc.constantFrom(...PATHS), { nil: undefined, freq: 12 }),
    query_names: fc.subarray(['_method', 'q', 'z']),
    override_headers: fc.constantFrom([], [], [], ['x-http-method']),
  })
  .map(({ place: { host, host_kind }, isTunnel, isInside, path, method, port, query_names, ...rest }) => {
    const { scheme, override_headers } = rest;
    const common = {
      host,
      host_kind,
      port,
      override_headers,
      credential_forwarded: false,
      has_body: false,
    };
    if (isTunnel) {
      const tunnel = {
        mode: 'connect',
        visibility: 'authority',
        protocol: 'connect',
        scheme: 'tcp',
      } as const;
      return { ...common, ...tunnel, path_ambiguous: false, query_names: [] };
    }
    const path_normal = path === undefined ? undefined : normalisePath(path);
    return {
      ...common,
      ...{ visibility: 'full', protocol: 'http', scheme, method, query_names },
      ...(isInside ? { mode: 'intercepted', scheme: 'https' } : { mode: 'explicit' }),
      ...(isInside && host_kind === 'name' ? { sni: host } : {}),
      ...(path === undefined || path_normal === undefined ? {} : { path, path_normal }),
      path_ambiguous: path_normal !== path,
    } as EgressRequest;
  });
