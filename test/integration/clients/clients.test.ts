/** Real programs through the real gateway, by nothing but the variables that `env` and `run` set. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { goProgram } from '../../support/go_program.ts';
import { type DemoAgent, type Running, startClawgress } from '../../support/running.ts';
import { CLI, type Home, newHome, type Ran } from './world.ts';

let running: Running;
let home: Home;
before(async () => {
  home = newHome();
  running = await startClawgress();
});
after(async () => {
  await running.stop();
  running.remove();
  home.remove();
});

const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

function demoAgent(): DemoAgent {
  const [first] = running.agents;
  assert.ok(first, 'the demo has an agent');
  return first;
}

function cli(args: readonly string[], options: Parameters<Home['run']>[2] = {}): Promise<Ran> {
  const [command = '', ...rest] = args;
  const nested = command === 'trust';
  const [sub = '', ...tail] = rest;
  const state = ['--state-dir', running.stateDir];
  return home.run(CLI, nested ? [command, sub, ...state, ...tail] : [command, ...state, ...rest], options);
}

interface Check {
  readonly client: string;
  readonly scheme: string;
  readonly status: string;
  readonly reason: string;
  readonly next?: string;
}

async function check(client: string, options: Parameters<Home['run']>[2] = {}): Promise<readonly Check[]> {
  const { out, err } = await cli(['trust', 'check', '--for', client, '--json'], options);
  assert.ok(out.startsWith('{'), `${out}${err}`);
  return (JSON.parse(out) as { checks: Check[] }).checks;
}

const statuses = (checks: readonly Check[]) => checks.map(({ scheme, status }) => `${scheme} ${status}`);

describe('trust check', () => {
  for (const client of ['node', 'python', 'curl', 'git', 'cargo']) {
    it(`${client}: held by the variables alone`, async (t) => {
      if (!has(client === 'python' ? 'python3' : client))
        return t.skip(`SKIPPED: ${client} is not installed`);
      if (client === 'python' && home.withoutPython) t.diagnostic(`SKIPPED requests: ${home.withoutPython}`);
      const checks = await check(client);
      assert.deepEqual(statuses(checks), ['http held', 'https held'], JSON.stringify(checks));
    });
  }

  it('java: trust is missing, is installed, is held, is taken away', async (t) => {
    if (!has('keytool') || !has('javac')) return t.skip('SKIPPED: no JDK is installed');
    const before = await check('java');
    assert.deepEqual(statuses(before), ['http held', 'https not_covered']);
    assert.equal(before[1]?.next, 'clawgress trust install --for java');
    assert.equal((await cli(['trust', 'install', '--for', 'java'])).code, 0);
    assert.deepEqual(statuses(await check('java')), ['http held', 'https held']);
    assert.equal((await cli(['trust', 'remove', '--for', 'java'])).code, 0);
    assert.deepEqual(statuses(await check('java')), ['http held', 'https not_covered']);
  });

  it('apt and the system store: held over http, and the way to trust is named', async (t) => {
    if (!existsSync('/usr/lib/apt/apt-helper')) return t.skip('SKIPPED: apt is not installed');
    for (const client of ['apt', 'system']) {
      const checks = await check(client);
      assert.deepEqual(statuses(checks), ['http held', 'https not_covered'], JSON.stringify(checks));
      assert.equal(checks[1]?.next, 'clawgress trust install --for system');
    }
  });

  it('a client that has its trust from a file needs no CA variable', async (t) => {
    if (!has('git')) return t.skip('SKIPPED: git is not installed');
    const { demo, explicit_proxy } = running.endpoints;
    const url = `${demo.upstream_https}/hello/x.git`;
    const who = demoAgent();
    const proxy = `http://${who.agent_id}:${who.api_key}@${new URL(explicit_proxy).host}`;
    const bare = () => home.run('git', ['ls-remote', url], { env: { https_proxy: proxy, LC_ALL: 'C' } });
    assert.match((await bare()).err, /certificate/i);
    assert.equal((await cli(['trust', 'install', '--for', 'git'])).code, 0);
    assert.match((await bare()).err, /is this a git repository/);
    assert.equal((await cli(['trust', 'remove', '--for', 'git'])).code, 0);
    assert.match((await bare()).err, /certificate/i);
  });

  it('says who is refused, and exits with 1', async () => {
    const { code, out } = await cli(['trust', 'check', '--for', 'curl'], {
      env: { CLAWGRESS_KEY: `demo-agent:cgk_${'x'.repeat(49)}` },
    });
    assert.equal(code, 1, out);
    assert.match(out, /NOT COVERED {2}the gateway did not accept its credential/);
  });
});

describe('Node without its own proxy support', () => {
  const PROGRAM = "fetch(process.argv[1]).then((r) => console.log(r.status), (e) => console.log('failed'))";
  const isOld = !process.allowedNodeEnvironmentFlags.has('--use-env-proxy');

  it('goes around the gateway, unless the preload is there', async (t) => {
    if (!isOld) return t.skip('SKIPPED: this Node obeys NODE_USE_ENV_PROXY by itself');
    const url = `${running.endpoints.demo.upstream_http}/hello?probe=around`;
    const stamped = async (...flags: readonly string[]) => {
      const program = "fetch(process.argv[1]).then((r) => console.log(r.headers.get('x-clawgress-receipt')))";
      return (await cli(['run', ...flags, '--', 'node', '-e', program, url])).out.trim();
    };
    assert.equal(await stamped('--no-node-preload'), 'null');
    assert.match(await stamped(), /^[0-9a-f-]{36}$/);
  });

  it('fetch posts bodies, keeps connections and reads denials through the preload', async () => {
    const program = `
      const base = process.argv[1], http = require(base.startsWith('https') ? 'https' : 'http');
      (async () => {
        const all = await Promise.all([...Array(20).keys()].map((n) =>
          fetch(base + '/echo', { method: 'POST', body: 'b' + n }).then((r) => r.json()).then((j) => j.body)));
        console.log(all.join() === [...Array(20).keys()].map((n) => 'b' + n).join());
        const sent = await new Promise((resolve, reject) => {
          const request = http.request(base + '/echo', { method: 'PUT' }, (r) => {
            let text = ''; r.on('data', (d) => (text += d)); r.on('end', () => resolve(JSON.parse(text)));
          }).on('error', reject);
          request.write('one'); request.end('two');
        });
        console.log(sent.method, sent.body, 'proxy-authorization' in sent.headers, sent.headers.host === new URL(base).host);
      })();`;
    for (const base of [running.endpoints.demo.upstream_http, running.endpoints.demo.upstream_https]) {
      const { out, err } = await cli(['run', '--', 'node', '-e', program, base]);
      assert.equal(out, 'true\nPUT onetwo false true\n', `${base}: ${err}`);
    }
  });

  it('a refused tunnel says so', async () => {
    const program = 'fetch(process.argv[1]).catch((e) => console.log(e.cause?.message ?? e.message))';
    const { out } = await cli(['run', '--', 'node', '-e', program, 'https://refused.example/']);
    assert.match(
      out,
      isOld ? /the proxy refused CONNECT refused\.example:443: 403 .*POLICY_NO_MATCH/ : /403|proxy/i,
    );
  });

  it('a dead proxy stops the program; nothing is sent directly', async () => {
    const url = `${running.endpoints.demo.upstream_http}/hello?probe=dead`;
    const script = `http_proxy=http://127.0.0.1:9 HTTP_PROXY=http://127.0.0.1:9 exec node -e "$1" "$2"`;
    const { out } = await cli(['run', '--', 'sh', '-c', script, 'sh', PROGRAM, url]);
    assert.equal(out.trim(), 'failed');
    const hits = await fetch(running.endpoints.demo.hits_url).then((answer) => answer.text());
    assert.ok(!hits.includes('probe=dead'), 'the destination saw nothing');
  });
});

describe('package managers', () => {
  it('npm asks its registry through the gateway, with our CA', async (t) => {
    if (!has('npm')) return t.skip('SKIPPED: npm is not installed');
    const ask = async (upstream: string) => {
      const args = ['view', 'x', '--registry', `${upstream}/hello/npm/`, '--fetch-retries=0'];
      const { out, err } = await cli(['run', '--', 'npm', ...args]);
      return `${out}${err}`;
    };
    const plain = await ask(running.endpoints.demo.upstream_http);
    const hits = await fetch(running.endpoints.demo.hits_url).then((answer) => answer.text());
    assert.ok(hits.includes('/hello/npm/x'), plain);
    // npm compares the name only after it has accepted the chain, and cannot compare addresses.
    assert.match(
      await ask(running.endpoints.demo.upstream_https),
      /ERR_TLS_CERT_ALTNAME_INVALID|E404|EJSONPARSE/,
    );
  });

  it('pip asks its index through the gateway, with our CA', async (t) => {
    if (!has('python3')) return t.skip('SKIPPED: python3 is not installed');
    const index = `${running.endpoints.demo.upstream_https}/hello/pip/`;
    const args = [
      '-m',
      'pip',
      'download',
      '--no-cache-dir',
      '--retries',
      '0',
      '--index-url',
      index,
      'nopackage',
    ];
    const { out, err } = await cli(['run', '--', 'python3', ...args]);
    assert.doesNotMatch(`${out}${err}`, /certificate|Tunnel connection failed/i);
    const hits = await fetch(running.endpoints.demo.hits_url).then((answer) => answer.text());
    assert.ok(hits.includes('/hello/pip/nopackage'), `${out}${err}`);
  });

  it('Go goes through the gateway, but spares loopback whatever NO_PROXY says', async (t) => {
    if (!has('go')) return t.skip('SKIPPED: go is not installed');
    const binary = goProgram(
      `package main
import ("fmt"; "net/http"; "os")
func main() {
  for _, url := range os.Args[1:] {
    answer, err := http.Get(url)
    if err != nil { fmt.Println(err); continue }
    fmt.Println(answer.StatusCode, answer.Header.Get("x-clawgress-receipt") != "")
  }
}`,
    );
    const { http, https } = {
      http: running.endpoints.demo.upstream_http,
      https: running.endpoints.demo.upstream_https,
    };
    const urls = ['http://refused.example/', 'https://refused.example/', `${http}/hello`, `${https}/hello`];
    const { out } = await cli(['run', '--', binary, ...urls]);
    const [plain, tunnel, loopback, trusted] = out.trim().split('\n');
    assert.equal(plain, '403 true');
    assert.match(tunnel ?? '', /Forbidden/);
    // The demo stands on loopback: Go asks it directly, and trusts its CA by SSL_CERT_FILE.
    assert.equal(loopback, '200 false');
    assert.equal(trusted, '200 false');
  });
});

describe('clawgress env', () => {
  const curl = ['curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}'].join(' ');

  it('eval makes curl go through, with the key only on request', async () => {
    const url = running.endpoints.demo.upstream_https;
    const script = `eval "$("$0" env --state-dir "$1" $2)"; ${curl} "$3/hello"`;
    const through = (flags: string) => home.run('sh', ['-c', script, CLI, running.stateDir, flags, url]);
    const withKey = await through('--agent demo-agent');
    assert.equal(withKey.out, '200', withKey.err);
    assert.match(withKey.err, /the key of demo-agent is in it/);
    const without = await through('');
    assert.notEqual(without.out, '200');
    assert.match(without.err, /no credential is in it/);
  });

  it('takes the key from standard input or a private file, never from others', async () => {
    const who = demoAgent();
    const piped = await cli(['env', '--agent', who.agent_id, '--key-stdin', '--json'], {
      stdin: `${who.api_key}\n`,
    });
    const proxy = `http://${who.agent_id}:${who.api_key}@${new URL(running.endpoints.explicit_proxy).host}`;
    assert.equal(JSON.parse(piped.out).HTTPS_PROXY, proxy);
    const file = join(home.dir, 'open.key');
    writeFileSync(file, who.api_key, { mode: 0o644 });
    const refused = await cli(['env', '--agent', who.agent_id, '--credentials', file]);
    assert.equal(refused.code, 2);
    assert.match(refused.err, /everybody can read/);
    assert.ok(!`${refused.out}${refused.err}`.includes(who.api_key), 'the key is not shown');
  });

  it('--ca-dir gives other users files that they can read', async () => {
    const dir = join(home.dir, 'shared-ca');
    const { out } = await cli(['env', '--shell', 'dotenv', '--ca-dir', dir]);
    assert.match(out, new RegExp(`^NODE_EXTRA_CA_CERTS=${dir}/own\\.pem$`, 'm'));
    assert.equal(statSync(join(dir, 'all.pem')).mode & 0o777, 0o644);
    assert.ok(!/PRIVATE KEY/.test(readFileSync(join(dir, 'all.pem'), 'utf8')), 'certificates only');
  });

  it('an unknown shell and an unknown agent are named', async () => {
    const shell = await cli(['env', '--shell', 'powershell']);
    assert.equal(shell.code, 2);
    assert.match(shell.err, /unknown --shell 'powershell'[\s\S]*allowed: sh, fish, json, dotenv/);
    const ghost = await cli(['env', '--agent', 'ghost']);
    assert.equal(ghost.code, 2);
    assert.match(ghost.err, /'ghost' is not known/);
  });
});
