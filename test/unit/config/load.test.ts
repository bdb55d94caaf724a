import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { withPorts } from '../../../src/config/assemble.ts';
import { type CommandLine, loadSettings } from '../../../src/config/load.ts';
import { demoAddress, SOCKETS_DIR_BYTES_MAX, socketsDirectory } from '../../../src/config/places.ts';
import { ConfigError } from '../../../src/config/problem.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'cg-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const flags = (entries: Record<string, string>): CommandLine => ({
  values: new Map(Object.entries(entries).map(([key, text]) => [key, { flag: `--${key}`, text }])),
});
const none = flags({});
const write = (text: string, name = 'clawgress.yaml') => writeFileSync(join(cwd, name), text);

function problemsOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return assert.fail('accepted');
}

test('defaults bind to loopback and keep everything below one folder', () => {
  const settings = loadSettings(cwd, {}, none);
  assert.equal(settings.state_dir, join(cwd, '.clawgress'));
  assert.deepEqual(settings.explicit_proxy, { address: '127.0.0.1', port: 3128, allow_plaintext: false });
  assert.deepEqual(settings.base_url, { address: '127.0.0.1', port: 8088, allow_plaintext: false });
  assert.deepEqual(settings.metrics, { address: '127.0.0.1', port: 9464 });
  assert.equal(settings.policy.file, join(cwd, '.clawgress', 'policy.yaml'));
  assert.deepEqual(settings.upstream.allow_cidrs, [`${settings.demo.address}/32`]);
  assert.ok(Object.isFrozen(settings) && Object.isFrozen(settings.recorder));
});

test('precedence is file, then variable, then flag; each layer shows', () => {
  write('explicit_proxy: {port: 4001}\nbase_url: {port: 4002}\nmetrics: {port: 4003}\n');
  const env = { CLAWGRESS_BASE_URL_PORT: '5002', CLAWGRESS_METRICS_PORT: '5003' };
  const settings = loadSettings(cwd, env, flags({ 'metrics.port': '6003' }));
  assert.deepEqual(
    [settings.explicit_proxy.port, settings.base_url.port, settings.metrics.port],
    [4001, 5002, 6003],
  );
});

test('paths of a file are relative to that file, of variables and flags to the working directory', () => {
  const settings = loadSettings(
    cwd,
    { CLAWGRESS_REGISTRY_FILE: 'r.json' },
    flags({ state_dir: 'elsewhere' }),
  );
  assert.equal(settings.registry_file, join(cwd, 'r.json'));
  assert.equal(settings.state_dir, join(cwd, 'elsewhere'));
  write('policy: {file: p.yaml}\n');
  assert.equal(loadSettings(cwd, {}, none).policy.file, join(cwd, 'p.yaml'));
});

test('without the demo no private address is let through', () => {
  assert.deepEqual(loadSettings(cwd, {}, flags({ 'demo.enabled': 'false' })).upstream.allow_cidrs, []);
});

test('another host cannot be given the name of this one', () => {
  const listen = (names: string) =>
    write(
      `gateway_name: host-a\nrecorder: {listen: {address: 10.0.0.1, cert: c, key: k, client_ca: a, client_names: [${names}]}}\n`,
    );
  listen('host-b, host-a');
  assert.match(
    problemsOf(() => loadSettings(cwd, {}, none)),
    /'host-a', the gateway_name of this host/,
  );
  listen('host-b');
  assert.deepEqual(loadSettings(cwd, {}, none).recorder.listen?.client_names, ['host-b']);
});

test('issuers are read with their defaults', () => {
  write(`jwt_issuers:
  - issuer: https://id.example
    audiences: [clawgress]
    algorithms: [ES256]
    jwks: https://id.example/jwks
    allowed_agents: [bot]
`);
  assert.deepEqual(loadSettings(cwd, {}, none).jwt_issuers, [
    {
      issuer: 'https://id.example',
      audiences: ['clawgress'],
      algorithms: ['ES256'],
      jwks: 'https://id.example/jwks',
      tenant_id: 'default',
      allowed_agents: ['bot'],
      leeway_s: 30,
      max_lifetime_s: 86400,
      jwks_max_age_s: 86400,
    },
  ]);
});

const MISTAKES: readonly (readonly [name: string, yaml: string, message: RegExp])[] = [
  [
    'unknown key',
    'metrics:\n  prot: 1\n',
    /^clawgress\.yaml:2:3: metrics\.prot: found an unknown key; allowed: address, port$/,
  ],
  [
    'unknown top key',
    'foo: 1\n',
    /^clawgress\.yaml:1:1: foo: found an unknown key; allowed: state_dir, .*jwt_issuers$/,
  ],
  [
    'wrong type',
    'metrics:\n  port: "80"\n',
    /:2:3: metrics\.port: found '80'; allowed: a port from 1 to 65535$/,
  ],
  ['out of range', 'base_url: {port: 70000}', /:1:12: base_url\.port: found 70000; allowed: a port/],
  ['float', 'base_url: {port: 80.5}', /found 80\.5; allowed: a port/],
  ['null leaf', 'issuer:\n', /issuer: found null; allowed: 1 to 64/],
  ['bad enum', 'log_level: loud', /log_level: found 'loud'; allowed: debug \| info \| warn \| error/],
  ['group as scalar', 'metrics: 9464', /metrics: found 9464; allowed: a mapping with address, port/],
  ['repeated key', 'issuer: a\nissuer: b\n', /clawgress\.yaml:2:1: found Map keys must be unique/],
  ['alias', 'state_dir: &a x\nregistry_file: *a\n', /registry_file: found undefined; allowed: a path/],
  ['not a mapping', '- 1\n', /found no mapping/],
  ['bad YAML', 'a: [\n', /clawgress\.yaml:\d+:\d+: found .*; allowed: one YAML mapping/],
  ['bad CIDR', 'upstream: {allow_cidrs: [10.0.0.0/33]}', /allow_cidrs: found \["10\.0\.0\.0\/33"\]/],
  ['demo off loopback', 'demo: {address: 10.0.0.1}', /demo\.address: found '10\.0\.0\.1'; allowed: .*127/],
  [
    'plaintext off loopback',
    'base_url: {address: 0.0.0.0}',
    /base_url\.address: found 0\.0\.0\.0 without TLS/,
  ],
  [
    'same port twice',
    'metrics: {port: 3128}',
    /metrics\.port: found 3128, which explicit_proxy\.port has too/,
  ],
  ['issuer without keys', 'jwt_issuers: [{issuer: a}]', /jwt_issuers\[0\]\.audiences: found nothing/],
  [
    'shared secret algorithm',
    'jwt_issuers: [{issuer: a, audiences: [b], algorithms: [HS256], jwks: "file:k", allowed_agents: [c]}]',
    /jwt_issuers\[0\]\.algorithms: found \["HS256"\]/,
  ],
  ['unknown issuer key', 'jwt_issuers: [{isuer: a}]', /jwt_issuers\[0\]\.isuer: found an unknown key/],
];

for (const [name, yaml, message] of MISTAKES) {
  test(`refused with its place: ${name}`, () => {
    write(yaml);
    const found = problemsOf(() => loadSettings(cwd, {}, none)).split('\n');
    assert.ok(
      found.some((line) => message.test(line.replace(/^configuration: /, ''))),
      found.join('\n'),
    );
  });
}

test('all mistakes are reported at once', () => {
  write('foo: 1\nmetrics: {port: 0}\n');
  assert.equal(problemsOf(() => loadSettings(cwd, {}, none)).split('\n').length, 2);
});

test('a named file that is missing is refused, the default one may be', () => {
  assert.match(
    problemsOf(() => loadSettings(cwd, {}, { ...none, config: 'no.yaml' })),
    /--config: found no file/,
  );
  assert.match(
    problemsOf(() => loadSettings(cwd, { CLAWGRESS_CONFIG: 'no.yaml' }, none)),
    /^CLAWGRESS_CONFIG/,
  );
});

test('unknown and wrong variables are refused, service links of Kubernetes are not ours', () => {
  assert.match(
    problemsOf(() => loadSettings(cwd, { CLAWGRESS_PROT: '1' }, none)),
    /^CLAWGRESS_PROT: found an unknown/,
  );
  assert.match(
    problemsOf(() => loadSettings(cwd, { CLAWGRESS_METRICS_PORT: '1e3' }, none)),
    /^CLAWGRESS_METRICS_PORT: metrics\.port: found '1e3'/,
  );
  loadSettings(
    cwd,
    { CLAWGRESS_SERVICE_HOST: '10.0.0.1', CLAWGRESS_PORT: 'tcp://10.0.0.1:80', CLAWGRESS_KEY: 'x' },
    none,
  );
});

test('hostile documents yield problems, never exceptions of another kind or a hang', () => {
  const seeds = [
    'a: &a [*a]',
    '{"__proto__": {"x": 1}}',
    '? [1]\n: 2',
    '!!js/function x',
    '%YAML 1.1\n---\na: 1',
  ];
  const check = (text: string) => {
    write(text);
    try {
      loadSettings(cwd, {}, none);
    } catch (error) {
      assert.ok(error instanceof ConfigError, `${text}: ${String(error)}`);
    }
  };
  seeds.forEach(check);
  fc.assert(fc.property(fc.string({ maxLength: 60, unit: 'binary' }), check), { numRuns: 150 });
  assert.equal(({} as Record<string, unknown>)['x'], undefined);
});

test('demo addresses stay in 127.64.0.0/10, off .0 and .255, and depend on the state folder', () => {
  fc.assert(
    fc.property(fc.string(), (dir) => {
      const [first, second = 0, third = -1, fourth = 0] = demoAddress(dir).split('.').map(Number);
      assert.equal(first, 127);
      assert.ok(second >= 64 && second <= 127 && third >= 0 && third <= 255 && fourth >= 1 && fourth <= 254);
      assert.equal(demoAddress(dir), demoAddress(dir));
    }),
  );
  assert.notEqual(demoAddress('/a'), demoAddress('/b'));
});

test('sockets leave a state folder whose path is too long for a socket address', () => {
  assert.equal(socketsDirectory('/s', ['/run/user/1']), '/s/run/sockets');
  const long = `/${'x'.repeat(SOCKETS_DIR_BYTES_MAX)}`;
  assert.match(socketsDirectory(long, ['/run/user/1', '/t']), /^\/run\/user\/1\/clawgress-[0-9a-f]{16}$/);
  assert.match(socketsDirectory(long, [long, '/t']), /^\/t\/clawgress-/);
  assert.notEqual(socketsDirectory(`${long}1`, ['/t']), socketsDirectory(`${long}2`, ['/t']));
});

test('withPorts changes the three ports and nothing else', () => {
  const settings = loadSettings(cwd, {}, none);
  const moved = withPorts(settings, { explicit: 1, baseUrl: 2, metrics: 3 });
  assert.deepEqual([moved.explicit_proxy.port, moved.base_url.port, moved.metrics.port], [1, 2, 3]);
  assert.deepEqual(withPorts(moved, { explicit: 3128, baseUrl: 8088, metrics: 9464 }), settings);
});

test('two listeners cannot share a port, nor two listeners a user id', () => {
  const problemsOf = (env: Record<string, string>) => {
    try {
      loadSettings(tmpdir(), env, { values: new Map() });
      return [];
    } catch (error) {
      return error instanceof ConfigError
        ? error.problems.map(({ key, found }) => `${key}: ${found}`)
        : ['?'];
    }
  };
  const uids = (text: string) => problemsOf({ CLAWGRESS_TRANSPARENT_UID_LISTENERS: text });
  assert.deepEqual(uids('2001=15011, 2002=15012'), []);
  assert.deepEqual(uids('2001=15011,2001=15012'), ['transparent.uid_listeners: user id 2001 twice']);
  assert.deepEqual(uids('2001=15011,2002=15011'), [
    'transparent.uid_listeners: 15011, which transparent.uid_listeners has too',
  ]);
  assert.deepEqual(uids('2001=3128'), ['transparent.uid_listeners: 3128, which explicit_proxy.port has too']);
  assert.equal(uids('2001=0').length, 1);
  assert.equal(uids('2001=65536').length, 1);
  assert.equal(uids('4294967295=15011').length, 1);
  assert.equal(uids('root=15011').length, 1);
  assert.equal(problemsOf({ CLAWGRESS_RESOLVER_IPV4_BLOCK: 'fd00::/64' }).length, 1);
  assert.equal(problemsOf({ CLAWGRESS_RESOLVER_IPV6_BLOCK: '10.0.0.0/8' }).length, 1);
});
