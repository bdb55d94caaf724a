import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { ProxyAgent, fetch as proxiedFetch, request } from 'undici';
import { openTunnel } from '../../integration/intercept/client.ts';
import { handshakeIn } from '../../integration/intercept/in_tunnel.ts';
import { askHttp2 } from '../../integration/interception/world.ts';
import { pythonWithClients } from '../../support/python_clients.ts';
import { basic } from '../../support/through_proxy.ts';
import { type Command, uidOf } from './agents.ts';
import { MODES, type Mode, type Program } from './table.ts';
import type { MatrixWorld } from './world.ts';

/** Goes this way to this host; throws when the program failed. */
interface Installed {
  run(mode: Mode, host: string): Promise<void>;
}
interface Missing {
  readonly missing: string;
}

export function programs(world: MatrixWorld): Readonly<Record<Program, Installed | Missing>> {
  const found = pythonWithClients();
  if ('missing' in found && process.env['CI']) throw new Error(found.missing);
  const inPython = (run: (python: string, mode: Mode, host: string) => Promise<void>) =>
    'missing' in found ? found : { run: (mode: Mode, host: string) => run(found.python, mode, host) };
  return {
    node: { run: (mode, host) => node(world, mode, host) },
    requests: inPython((python, mode, host) => library(world, python, 'requests', mode, host)),
    httpx: inPython((python, mode, host) => library(world, python, 'httpx', mode, host)),
    git: { run: (mode, host) => git(world, mode, host) },
    pip: inPython((python, mode, host) => pip(world, python, mode, host)),
    npm: { run: (mode, host) => npm(world, mode, host) },
  };
}

/** The environment and the user of a client that goes this way. */
function asClient(world: MatrixWorld, mode: Mode): Pick<Command, 'env' | 'uid'> {
  const redirected = MODES[mode].entry === 'redirected';
  return {
    env: environment(world, MODES[mode].entry === 'proxy'),
    ...(redirected ? { uid: uidOf(mode) } : {}),
  };
}

interface Target {
  /** What the client asks for, without a slash at the end. */
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
}

function targetOf(world: MatrixWorld, mode: Mode, host: string): Target {
  const { plain, tls } = world.upstream;
  if (mode === 'plain' || mode === 'redirected-plain')
    return { origin: `http://${host}:${plain}`, headers: {} };
  const authority = `${host}:${tls}`;
  const base = world.running.endpoints.base_url;
  const key = { 'x-clawgress-key': world.agent(false).api_key };
  if (mode === 'base-to') return { origin: `${base}/_to/${authority}`, headers: key };
  if (mode === 'base-host') return { origin: base, headers: { ...key, host: authority } };
  return { origin: `https://${authority}`, headers: mode === 'redirected-header' ? key : {} };
}

async function node(world: MatrixWorld, mode: Mode, host: string): Promise<void> {
  const { origin, headers } = targetOf(world, mode, host);
  const { entry } = MODES[mode];
  if (mode === 'inside-h2') return await nodeHttp2(world, host);
  if (entry === 'redirected') return await nodeProgram(world, mode, `${origin}/hello`, headers);
  if (entry === 'base') {
    // Not `fetch`, which keeps `host` to itself.
    const { statusCode, body } = await request(`${origin}/hello`, { headers });
    assert.equal(statusCode, 200, await body.text());
    return;
  }
  const dispatcher = new ProxyAgent({
    uri: world.running.endpoints.explicit_proxy,
    token: basic(world.agent(false)),
    proxyTunnel: mode !== 'plain',
    requestTls: { ca: readFileSync(world.trust, 'utf8') },
  });
  const answer = await proxiedFetch(`${origin}/hello`, { dispatcher });
  assert.equal(answer.status, 200, await answer.text());
  await dispatcher.close();
}

const FETCH = `const [url, headers] = process.argv.slice(1);
fetch(url, {headers: JSON.parse(headers)}).then(({status}) => console.log(status))`;

/** A program that knows of no gateway. */
async function nodeProgram(world: MatrixWorld, mode: Mode, url: string, headers: object): Promise<void> {
  const command = [process.execPath, '-e', FETCH, url, JSON.stringify(headers)];
  const { out } = await world.run({ command, ...asClient(world, mode) });
  assert.equal(out.trim(), '200');
}

async function nodeHttp2(world: MatrixWorld, host: string): Promise<void> {
  const authority = `${host}:${world.upstream.tls}`;
  const port = Number(new URL(world.running.endpoints.explicit_proxy).port);
  const { socket, status } = await openTunnel(port, authority, {
    'proxy-authorization': basic(world.agent(false)),
  });
  assert.ok(socket, `CONNECT was answered ${status}`);
  const ca = readFileSync(world.trust, 'utf8');
  const tls = await handshakeIn(socket, { ca, servername: host, alpn: 'h2' });
  const session = connectHttp2(`https://${authority}`, { createConnection: () => tls });
  assert.equal((await askHttp2(session, '/hello')).status, 200);
  session.close();
  tls.destroy();
}

/** Proxy and trust, in all the names that these programs read. */
function environment(world: MatrixWorld, proxied: boolean): Record<string, string> {
  const trust = world.trust;
  const proxy = world.proxy(world.agent(false));
  return {
    ...{ REQUESTS_CA_BUNDLE: trust, SSL_CERT_FILE: trust, PIP_CERT: trust, GIT_SSL_CAINFO: trust },
    NODE_EXTRA_CA_CERTS: trust,
    ...{ PIP_CONFIG_FILE: '/dev/null', GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1' },
    ...(proxied ? { http_proxy: proxy, https_proxy: proxy } : {}),
  };
}

async function library(
  world: MatrixWorld,
  python: string,
  name: string,
  mode: Mode,
  host: string,
): Promise<void> {
  const { origin, headers } = targetOf(world, mode, host);
  const program = `import json, sys, ${name} as lib\nprint(lib.get(sys.argv[1], headers=json.loads(sys.argv[2])).status_code)`;
  const command = [python, '-c', program, `${origin}/hello`, JSON.stringify(headers)];
  const { out } = await world.run({ command, ...asClient(world, mode) });
  assert.equal(out.trim(), '200');
}

async function git(world: MatrixWorld, mode: Mode, host: string): Promise<void> {
  const { origin, headers } = targetOf(world, mode, host);
  const extra = Object.entries(headers).flatMap(([name, value]) => [
    '-c',
    `http.extraHeader=${name}: ${value}`,
  ]);
  const version = mode === 'inside-h2' ? 'HTTP/2' : 'HTTP/1.1';
  // Otherwise git asks without its credential first.
  const settings = ['-c', 'http.proxyAuthMethod=basic', '-c', `http.version=${version}`, ...extra];
  const client = asClient(world, mode);
  const { code, out } = await world.run({
    ...client,
    command: ['git', ...settings, 'ls-remote', `${origin}/repo.git`],
    env: { ...client.env, GIT_TRACE_CURL: '1', GIT_TRACE_CURL_NO_DATA: '1' },
  });
  assert.equal(code, 0, out.slice(-2_000));
  assert.match(out, /^[0-9a-f]{40}\trefs\/heads\/main$/m);
  if (mode === 'inside-h2') assert.match(out, /HTTP\/2 200/i);
}

async function pip(world: MatrixWorld, python: string, mode: Mode, host: string): Promise<void> {
  const { origin } = targetOf(world, mode, host);
  const quiet = ['--no-cache-dir', '--disable-pip-version-check', '--retries', '0', '--no-deps'];
  const from = ['--index-url', `${origin}/simple/`, '--trusted-host', host];
  const trusted = origin.startsWith('https:') ? from.slice(0, 2) : from;
  const args = [
    python,
    '-m',
    'pip',
    'download',
    ...quiet,
    ...trusted,
    '-d',
    join(world.folder, host),
    'cg-tiny',
  ];
  const { code, out } = await world.run({ command: args, ...asClient(world, mode) });
  assert.equal(code, 0, out);
  assert.match(out, /cg_tiny-1\.0-py3-none-any\.whl/);
}

async function npm(world: MatrixWorld, mode: Mode, host: string): Promise<void> {
  const { origin } = targetOf(world, mode, host);
  const own = [`--registry=${origin}/npm/`, `--cache=${join(world.folder, `npm-${host}`)}`];
  const fixed = [
    '--noproxy=none.invalid',
    '--fetch-retries=0',
    '--no-update-notifier',
    `--cafile=${world.trust}`,
  ];
  const client = asClient(world, mode);
  const { code, out } = await world.run({
    ...client,
    command: ['npm', 'pack', 'cg-tiny', '--dry-run', ...own, ...fixed],
    env: { ...client.env, npm_config_userconfig: join(world.folder, 'none') },
  });
  assert.equal(code, 0, out);
}
