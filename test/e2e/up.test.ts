/**
 * Promise: `clawgress up` is usable as printed. The lines of the ready block do what they say, secrets have narrow
 * modes, evidence exports and verifies, and Ctrl-C leaves nothing behind.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, PATIENT, type Running, startClawgress } from '../support/running.ts';

const CLI = fileURLToPath(new URL('../../bin/clawgress', import.meta.url));
const COMMAND_TIMEOUT_MS = 180_000;

let running: Running;
let work: string;
before(async () => {
  running = await startClawgress({ env: PATIENT });
  work = mkdtempSync(join(tmpdir(), 'cg-e2e-'));
});
after(async () => {
  await running.stop();
  running.remove();
  rmSync(work, { recursive: true, force: true });
});

/** The command below the comment that contains `what`. */
function printed(what: string): string {
  const lines = running.output().split('\n');
  const at = lines.findIndex((line) => line.startsWith('  # ') && line.includes(what));
  assert.ok(at >= 0, `no printed line is about ${what}`);
  return lines[at + 1]?.trim() ?? '';
}

function shell(command: string): string {
  const done = spawnSync('sh', ['-c', command], { encoding: 'utf8', timeout: COMMAND_TIMEOUT_MS });
  return done.stdout;
}

function cli(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const done = spawnSync(CLI, args, { encoding: 'utf8', timeout: COMMAND_TIMEOUT_MS });
  return { code: done.status, stdout: done.stdout, stderr: done.stderr };
}

const state = () => ['--state-dir', running.stateDir];
const statusesOf = (text: string) => [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map((match) => match[1]);

async function hits(): Promise<{ method: string; path: string; headers: Record<string, string> }[]> {
  return JSON.parse(await (await fetch(running.endpoints.demo.hits_url)).text());
}

describe('the printed lines', () => {
  it('an allowed request answers 200 with its receipt, and the upstream saw it without credentials', async () => {
    const text = shell(printed('allowed: 200'));
    assert.deepEqual(statusesOf(text), ['200']);
    assert.match(text, /^x-clawgress-receipt: [0-9a-f-]{36}\r$/m);
    const seen = (await hits()).at(-1);
    assert.equal(seen?.path, '/hello');
    assert.equal(seen?.headers['proxy-authorization'], undefined);
    assert.ok(!JSON.stringify(seen).includes('cgk_'));
  });

  it('a tunnel answers 200 inside and out', () => {
    assert.deepEqual(statusesOf(shell(printed('TLS tunnel'))), ['200', '200']);
  });

  it('a policy denial is a readable 403 that `why` explains, and the upstream saw nothing', async () => {
    const before = (await hits()).length;
    const text = shell(printed('denied by policy'));
    assert.deepEqual(statusesOf(text), ['403']);
    const problem = JSON.parse(text.slice(text.indexOf('{')));
    assert.equal(problem.code, 'POLICY_NO_MATCH');
    assert.equal((await hits()).length, before);
    const why = shell(printed('why was that denied').replace(/^\S+/, CLI));
    assert.ok(why.includes(problem.receipt_id));
    assert.match(why, /DENIED: .*POLICY_NO_MATCH, 403[\s\S]*nothing was sent/);
  });

  it('an anonymous request is a 407 that names the schemes', () => {
    const text = shell(printed('anonymous'));
    assert.deepEqual(statusesOf(text), ['407']);
    assert.match(text, /^proxy-authenticate: Basic/m);
  });

  it('the rate limit lets the burst pass and then answers 429', () => {
    const [burst, perSecond] = [5, 5];
    const startedAt = performance.now();
    const statuses = shell(printed('rate limit')).trim().split('\n');
    const seconds = (performance.now() - startedAt) / 1_000;
    assert.equal(statuses.length, 20);
    assert.deepEqual(
      statuses.slice(0, burst),
      Array.from({ length: burst }, () => '200'),
    );
    const passed = statuses.filter((status) => status === '200').length;
    assert.equal(statuses.filter((status) => status === '429').length, 20 - passed, statuses.join(' '));
    // The slower the machine, the more of them find the bucket filled again.
    assert.ok(passed <= burst + perSecond * seconds, `${passed} passed in ${seconds} s`);
  });
});

describe('files', () => {
  it('secrets are for this user alone', () => {
    const run = join(running.stateDir, 'run');
    const modeOf = (path: string) => statSync(path).mode & 0o777;
    assert.equal(modeOf(running.stateDir), 0o700);
    const keys = join(running.stateDir, 'keys');
    for (const name of readdirSync(keys)) assert.equal(modeOf(join(keys, name)), 0o600, name);
    for (const name of ['demo-credentials.json', 'demo-agent.curl', 'settings.json']) {
      assert.equal(modeOf(join(run, name)), 0o600, name);
    }
  });

  it('no API key is printed or logged', () => {
    for (const agent of running.agents) assert.ok(!running.output().includes(agent.api_key));
  });

  it('endpoints name everything a client needs', () => {
    const { demo, ...rest } = running.endpoints;
    const names = [
      'explicit_proxy',
      'base_url',
      'metrics',
      'state_dir',
      'journal_dir',
      'public_keys',
      'ca_bundle',
    ];
    assert.deepEqual(Object.keys(rest), names);
    assert.deepEqual(Object.keys(demo), ['upstream_http', 'upstream_https', 'hits_url']);
    for (const path of [rest.journal_dir, rest.public_keys, rest.ca_bundle])
      assert.ok(existsSync(path), path);
    const segments = readdirSync(rest.journal_dir).filter((name) => name.endsWith('.jsonl'));
    assert.ok(segments.length > 0 && segments.every((name) => /^\d{12}-.*\.jsonl$/.test(name)));
  });
});

describe('commands beside the running gateway', () => {
  it('a second up on the same folder is refused', () => {
    const second = cli('up', ...state(), '--ports', 'auto');
    assert.equal(second.code, 3);
    assert.match(second.stderr, /already runs on .* \(process \d+\)/);
  });

  it('a second instance on another folder runs side by side', async () => {
    const other = await startClawgress();
    try {
      assert.notEqual(other.endpoints.explicit_proxy, running.endpoints.explicit_proxy);
      assert.notEqual(other.endpoints.demo.upstream_http, running.endpoints.demo.upstream_http);
    } finally {
      await other.stop();
      other.remove();
    }
  });

  it('run gives a command its proxy and passes its exit code on', () => {
    const done = cli(
      'run',
      ...state(),
      '--agent',
      'demo-agent',
      '--',
      'sh',
      '-c',
      'curl -s "$DEMO_UPSTREAM/hello"; exit 7',
    );
    assert.equal(done.stdout, 'hello from the demo upstream\n');
    assert.equal(done.code, 7);
  });

  it('doctor finds nothing broken', () => {
    const done = cli('doctor', ...state(), '--json');
    const { ok, checks } = JSON.parse(done.stdout);
    assert.ok(ok, done.stdout);
    assert.equal(done.code, 0);
    const gateway = checks.find((one: { check: string }) => one.check === 'gateway');
    assert.equal(gateway.status, 'ok');
  });

  it('evidence exports live, verifies, and replays; a flipped byte does not', () => {
    const [zip, keys] = [join(work, 'evidence.zip'), join(work, 'keys.json')];
    assert.equal(cli('keys', 'export', ...state(), '-o', keys).code, 0);
    assert.equal(cli('export', ...state(), '-o', zip).code, 0);
    const verified = cli('verify', zip, '--trust', keys, '--json');
    assert.equal(verified.code, 0, verified.stdout);
    assert.equal(JSON.parse(verified.stdout).verdict, 'VERIFIED');
    assert.equal(cli('verify', zip).code, 1);
    assert.equal(cli('replay', zip).code, 0);
    const bytes = readFileSync(zip);
    bytes[5_000] = (bytes[5_000] ?? 0) ^ 1;
    writeFileSync(`${zip}.bad`, bytes);
    assert.equal(cli('verify', `${zip}.bad`, '--trust', keys).code, 1);
  });

  it('metrics count the checks', async () => {
    const text = await (await fetch(running.endpoints.metrics)).text();
    assert.match(text, /^clawgress_checks_total\{verdict="allow",reason="POLICY_ALLOW"\} [1-9]/m);
    assert.match(text, /^clawgress_checks_total\{verdict="deny",reason="IDENTITY_MISSING"\} [1-9]/m);
  });

  it('tail shows a receipt as soon as it is there', async () => {
    const tail = spawn(CLI, ['receipts', 'tail', ...state(), '-n', '0'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise((resolve) => tail.once('close', resolve));
    let text = '';
    tail.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    try {
      await eventually(() => {
        shell(printed('allowed: 200'));
        return /allow {2}POLICY_ALLOW .*\/hello/.test(text) ? true : undefined;
      }, 'a line of tail');
    } finally {
      tail.kill('SIGINT');
      await ended;
    }
  });
});

describe('Ctrl-C', () => {
  it('ends every process, removes the sockets, closes the journal; the next start carries on', async () => {
    const own = await startClawgress();
    const pids = ['gateway', 'demo-upstream', 'envoy.json'].map((word) => own.childPid(word));
    await own.stop();
    assert.equal(own.up.exitCode, 0, own.output());
    for (const pid of pids) assert.ok(!existsSync(`/proc/${pid}`), `process ${pid} is still there`);
    const sockets = join(own.stateDir, 'run', 'sockets');
    assert.deepEqual(existsSync(sockets) ? readdirSync(sockets) : [], []);
    const again = await startClawgress({ stateDir: own.stateDir });
    try {
      assert.deepEqual(again.agents, own.agents);
      const text = readFileSync(join(own.stateDir, 'run', 'endpoints.json'), 'utf8');
      assert.equal(JSON.parse(text).explicit_proxy, own.endpoints.explicit_proxy);
    } finally {
      await again.stop();
      again.remove();
    }
  });

  it('a killed supervisor takes its children with it', async () => {
    const own = await startClawgress();
    const pids = ['gateway', 'demo-upstream', 'envoy.json'].map((word) => own.childPid(word));
    own.up.kill('SIGKILL');
    await eventually(
      () => (pids.every((pid) => !existsSync(`/proc/${pid}`)) ? true : undefined),
      'the children to end',
    );
    own.remove();
  });
});
