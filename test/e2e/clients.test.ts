/** Real client programs through the real gateway: an allow works and a denial reads well, in each of them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { ProxyAgent, fetch as proxiedFetch } from 'undici';
import { readJournal } from '../support/naive_journal.ts';
import { type PackageServer, startPackageServer } from '../support/package_server.ts';
import { pythonWithClients } from '../support/python_clients.ts';
import { type DemoAgent, eventually, PATIENT, type Running, startClawgress } from '../support/running.ts';

let running: Running;
let packages: PackageServer;
let work: string;
const python = pythonWithClients();
const skipPython = 'missing' in python && !process.env['CI'] ? `SKIPPED: ${python.missing}` : false;

before(async () => {
  running = await startClawgress({ env: PATIENT });
  work = mkdtempSync(join(tmpdir(), 'cg-clients-'));
  packages = await startPackageServer(new URL(running.endpoints.demo.upstream_http).hostname);
  await allowPackageServer();
});
after(async () => {
  await packages.close();
  await running.stop();
  running.remove();
  rmSync(work, { recursive: true, force: true });
});

/** Opens the package server's port to the first demo agent, in the live policy. */
async function allowPackageServer(): Promise<void> {
  const policy = join(running.stateDir, 'policy.yaml');
  const host = new URL(running.endpoints.demo.upstream_http).hostname;
  const rule = `\n  - id: packages\n    match: {agent: {agent_id: [${agent(0).agent_id}]}, destination: {hosts: ["${host}"], ports: [${packages.port}], schemes: [http]}}\n    action: allow`;
  const activations = () =>
    readJournal(running.endpoints.journal_dir, running.endpoints.public_keys).filter(
      ({ type }) => type === 'policy',
    ).length;
  const before = activations();
  writeFileSync(
    policy,
    readFileSync(policy, 'utf8').replace(/^rules:.*$/m, (line) => `${line}${rule}`),
  );
  await eventually(() => (activations() > before ? true : undefined), 'the new policy');
}

function agent(index: 0 | 1): DemoAgent {
  const found = running.agents[index];
  assert.ok(found);
  return found;
}

function proxyUrl(who: DemoAgent): string {
  const { host } = new URL(running.endpoints.explicit_proxy);
  return `http://${who.agent_id}:${who.api_key}@${host}`;
}

interface Ran {
  readonly code: number | null;
  readonly out: string;
}

function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const clean = { PATH: process.env['PATH'] ?? '', HOME: work, LANG: 'C.UTF-8', ...env };
  const child = spawn(command, args, { cwd: work, env: clean, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (out += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out }));
  });
}

describe('curl', () => {
  it('plain HTTP, CONNECT with TLS, base URL', async () => {
    const { demo, ca_bundle, base_url } = running.endpoints;
    const proxied = ['-sS', '-x', proxyUrl(agent(0)), '--cacert', ca_bundle, '-w', '\n%{http_code}'];
    for (const url of [`${demo.upstream_http}/hello`, `${demo.upstream_https}/hello`]) {
      const { code, out } = await run('curl', [...proxied, url]);
      assert.equal(code, 0, out);
      assert.match(out, /\n200$/);
    }
    const key = `x-clawgress-key: ${agent(0).api_key}`;
    const { out } = await run('curl', [
      '-sS',
      '-w',
      '\n%{http_code}',
      '-H',
      key,
      `${base_url}/_to/${new URL(demo.upstream_https).host}/hello`,
    ]);
    assert.match(out, /\n200$/);
  });

  it('reads a denial', async () => {
    const { out } = await run('curl', [
      '-sS',
      '-i',
      '-X',
      'POST',
      '-x',
      proxyUrl(agent(1)),
      `${running.endpoints.demo.upstream_http}/echo`,
    ]);
    assert.match(out, /^HTTP\/1\.1 403/);
    assert.match(out, /content-type: application\/problem\+json/i);
    assert.match(out, /"code":"POLICY_NO_MATCH"/);
    assert.match(out, /"receipt_id":"[0-9a-f-]{36}"/);
    const tunnel = await run('curl', [
      '-sSv',
      '-x',
      proxyUrl(agent(1)),
      `${running.endpoints.demo.upstream_https}/hello`,
    ]);
    assert.notEqual(tunnel.code, 0);
    assert.match(tunnel.out, /HTTP\/1\.1 403/);
    assert.match(tunnel.out, /proxy-status: .*(TUNNEL_OPAQUE|POLICY_NO_MATCH)/i);
  });
});

describe('Node fetch (undici)', () => {
  it('plain HTTP, CONNECT with TLS, and a denial', async () => {
    const { demo, ca_bundle } = running.endpoints;
    const dispatcher = (who: DemoAgent, proxyTunnel = true) =>
      new ProxyAgent({
        uri: proxyUrl(who),
        token: `Basic ${Buffer.from(`${who.agent_id}:${who.api_key}`).toString('base64')}`,
        proxyTunnel,
        requestTls: { ca: readFileSync(ca_bundle, 'utf8') },
      });
    const tunnelled = await proxiedFetch(`${demo.upstream_https}/hello`, {
      dispatcher: dispatcher(agent(0)),
    });
    assert.equal(tunnelled.status, 200);
    const denied = await proxiedFetch(`${demo.upstream_https}/hello`, {
      dispatcher: dispatcher(agent(1)),
    }).catch((error: Error) => error);
    assert.ok(denied instanceof Error);
    assert.match(inspect(denied, { depth: 5 }), /403/);
  });
});

for (const library of ['requests', 'httpx'] as const) {
  describe(`Python ${library}`, { skip: skipPython }, () => {
    const call = (who: DemoAgent, method: string, url: string) => {
      const program = [
        `import json, sys, ${library} as lib`,
        'try:',
        `    r = lib.request(sys.argv[1], sys.argv[2])`,
        '    print(json.dumps({"status": r.status_code, "body": r.text}))',
        'except Exception as e:',
        '    print(json.dumps({"error": str(e)}))',
      ].join('\n');
      const proxy = proxyUrl(who);
      const ca = running.endpoints.ca_bundle;
      const env = {
        HTTP_PROXY: proxy,
        HTTPS_PROXY: proxy,
        http_proxy: proxy,
        https_proxy: proxy,
        REQUESTS_CA_BUNDLE: ca,
        SSL_CERT_FILE: ca,
      };
      assert.ok('python' in python, 'missing' in python ? python.missing : '');
      return run(python.python, ['-c', program, method, url], env).then(({ out }) => JSON.parse(out));
    };

    it('allow and deny, plain and tunnelled', async () => {
      const { demo } = running.endpoints;
      assert.equal((await call(agent(0), 'GET', `${demo.upstream_http}/hello`)).status, 200);
      assert.equal((await call(agent(0), 'GET', `${demo.upstream_https}/hello`)).status, 200);
      const denied = await call(agent(1), 'POST', `${demo.upstream_http}/echo`);
      assert.equal(denied.status, 403);
      assert.equal(JSON.parse(denied.body).code, 'POLICY_NO_MATCH');
      assert.match((await call(agent(1), 'GET', `${demo.upstream_https}/hello`)).error, /403/);
    });
  });
}

describe('git', () => {
  it('clones when allowed, reads 403 when not', async () => {
    const clone = (who: DemoAgent, folder: string) =>
      run(
        'git',
        ['-c', `http.proxy=${proxyUrl(who)}`, 'clone', '--quiet', `${packages.origin}/repo.git`, folder],
        { GIT_TERMINAL_PROMPT: '0' },
      );
    const allowed = await clone(agent(0), 'cloned');
    assert.equal(allowed.code, 0, allowed.out);
    assert.equal(readFileSync(join(work, 'cloned', 'hello.txt'), 'utf8'), 'hello\n');
    const denied = await clone(agent(1), 'refused');
    assert.notEqual(denied.code, 0);
    assert.match(denied.out, /403/);
  });
});

describe('pip', () => {
  it('downloads when allowed, reads 403 when not', async () => {
    const download = (who: DemoAgent, folder: string) =>
      run(
        'python3',
        [
          '-m',
          'pip',
          'download',
          '-vv',
          '--no-cache-dir',
          '--disable-pip-version-check',
          '--retries',
          '0',
          '--no-deps',
          '--proxy',
          proxyUrl(who),
          '--index-url',
          `${packages.origin}/simple`,
          '--trusted-host',
          new URL(packages.origin).hostname,
          '-d',
          folder,
          'cg-tiny',
        ],
        { PIP_CONFIG_FILE: '/dev/null' },
      );
    const allowed = await download(agent(0), 'wheels');
    assert.equal(allowed.code, 0, allowed.out);
    assert.ok(existsSync(join(work, 'wheels', 'cg_tiny-1.0-py3-none-any.whl')));
    const denied = await download(agent(1), 'none');
    assert.notEqual(denied.code, 0);
    assert.match(denied.out, /403/);
  });
});

describe('npm', () => {
  it('fetches when allowed, reads 403 when not', async () => {
    const pack = (who: DemoAgent) =>
      run(
        'npm',
        [
          'pack',
          'cg-tiny',
          `--registry=${packages.origin}/npm/`,
          `--proxy=${proxyUrl(who)}`,
          '--noproxy=none.invalid',
          '--fetch-retries=0',
          `--cache=${join(work, `npm-${who.agent_id}`)}`,
        ],
        { npm_config_userconfig: join(work, 'none') },
      );
    const allowed = await pack(agent(0));
    assert.equal(allowed.code, 0, allowed.out);
    assert.ok(existsSync(join(work, 'cg-tiny-1.0.0.tgz')));
    const denied = await pack(agent(1));
    assert.notEqual(denied.code, 0);
    assert.match(denied.out, /403/);
  });
});
