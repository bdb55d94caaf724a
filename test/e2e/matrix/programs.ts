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
import type { Mode, Program } from './table.ts';
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

interface Target {
  /** What the client asks for, without a slash at the end. */
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly proxied: boolean;
}

function targetOf(world: MatrixWorld, mode: Mode, host: string): Target {
  const { plain, tls } = world.upstream;
  if (mode === 'plain') return { origin: `http://${host}:${plain}`, headers: {}, proxied: true };
  const authority = `${host}:${tls}`;
  const base = world.running.endpoints.base_url;
  const key = { 'x-clawgress-key': world.agent(false).api_key };
  if (mode === 'base-to') return { origin: `${base}/_to/${authority}`, headers: key, proxied: false };
  if (mode === 'base-host') return { origin: base, headers: { ...key, host: authority }, proxied: false };
  return { origin: `https://${authority}`, headers: {}, proxied: true };
}

async function node(world: MatrixWorld, mode: Mode, host: string): Promise<void> {
  const { origin, headers, proxied } = targetOf(world, mode, host);
  if (mode === 'inside-h2') return await nodeHttp2(world, host);
  if (!proxied) {
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
  const { origin, headers, proxied } = targetOf(world, mode, host);
  const program = `import json, sys, ${name} as lib\nprint(lib.get(sys.argv[1], headers=json.loads(sys.argv[2])).status_code)`;
  const args = ['-c', program, `${origin}/hello`, JSON.stringify(headers)];
  const { out } = await world.run(python, args, environment(world, proxied));
  assert.equal(out.trim(), '200');
}

async function git(world: MatrixWorld, mode: Mode, host: string): Promise<void> {
  const { origin, headers, proxied } = targetOf(world, mode, host);
  const extra = Object.entries(headers).flatMap(([name, value]) => [
    '-c',
    `http.extraHeader=${name}: ${value}`,
  ]);
  const version = mode === 'inside-h2' ? 'HTTP/2' : 'HTTP/1.1';
  // Otherwise git asks without its credential first.
  const settings = ['-c', 'http.proxyAuthMethod=basic', '-c', `http.version=${version}`, ...extra];
  const env = { ...environment(world, proxied), GIT_TRACE_CURL: '1', GIT_TRACE_CURL_NO_DATA: '1' };
  const { code, out } = await world.run('git', [...settings, 'ls-remote', `${origin}/repo.git`], env);
  assert.equal(code, 0, out.slice(-2_000));
  assert.match(out, /^[0-9a-f]{40}\trefs\/heads\/main$/m);
  if (mode === 'inside-h2') assert.match(out, /HTTP\/2 200/i);
}

async function pip(world: MatrixWorld, python: string, mode: Mode, host: string): Promise<void> {
  const { origin, proxied } = targetOf(world, mode, host);
  const quiet = ['--no-cache-dir', '--disable-pip-version-check', '--retries', '0', '--no-deps'];
  const from = ['--index-url', `${origin}/simple/`, '--trusted-host', host];
  const trusted = origin.startsWith('https:') ? from.slice(0, 2) : from;
  const args = ['-m', 'pip', 'download', ...quiet, ...trusted, '-d', join(world.folder, host), 'cg-tiny'];
  const { code, out } = await world.run(python, args, environment(world, proxied));
  assert.equal(code, 0, out);
  assert.match(out, /cg_tiny-1\.0-py3-none-any\.whl/);
}

async function npm(world: MatrixWorld, mode: Mode, host: string): Promise<void> {
  const { origin, proxied } = targetOf(world, mode, host);
  const own = [`--registry=${origin}/npm/`, `--cache=${join(world.folder, `npm-${host}`)}`];
  const fixed = [
    '--noproxy=none.invalid',
    '--fetch-retries=0',
    '--no-update-notifier',
    `--cafile=${world.trust}`,
  ];
  const env = { ...environment(world, proxied), npm_config_userconfig: join(world.folder, 'none') };
  const { code, out } = await world.run('npm', ['pack', 'cg-tiny', '--dry-run', ...own, ...fixed], env);
  assert.equal(code, 0, out);
}
