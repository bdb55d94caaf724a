/** What `clawgress run` hands to a command, and what it leaves behind. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually, type Running, startClawgress } from '../../support/running.ts';
import { CLI, type Home, newHome } from './world.ts';

let running: Running;
let home: Home;
/** Temporary files of `run` go here, so that nothing of others is counted. */
let temp: string;
before(async () => {
  home = newHome();
  temp = join(home.dir, 'tmp');
  mkdirSync(temp);
  running = await startClawgress();
});
after(async () => {
  await running.stop();
  running.remove();
  home.remove();
});

const run = (command: readonly string[], flags: readonly string[] = []) =>
  home.run(CLI, ['run', '--state-dir', running.stateDir, ...flags, '--', ...command], {
    env: { TMPDIR: temp },
  });

describe('clawgress run', () => {
  it('passes on exit codes, arguments and signals of the command', async () => {
    assert.equal((await run(['sh', '-c', 'exit 42'])).code, 42);
    assert.equal((await run(['sh', '-c', 'kill -TERM $$'])).code, 143);
    assert.equal((await run(['no-such-command'])).code, 127);
    assert.equal((await run([temp])).code, 126);
    const odd = ['a b', '$HOME', "'", '--agent', ''];
    const { out } = await run([
      'node',
      '-e',
      'console.log(JSON.stringify(process.argv.slice(1)))',
      '--',
      ...odd,
    ]);
    assert.deepEqual(JSON.parse(out), odd);
  });

  it('gives private CA files to the command and takes them away afterwards', async () => {
    const script = 'stat -c "%a %n" "$SSL_CERT_FILE" "$NODE_EXTRA_CA_CERTS" "$(dirname "$SSL_CERT_FILE")"';
    const { out } = await run(['sh', '-c', script]);
    const modes = out
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]);
    assert.deepEqual(modes, ['600', '600', '700']);
    assert.ok(out.includes(temp), out);
    assert.deepEqual(left(), []);
    await run(['sh', '-c', 'kill -KILL $$']);
    await run(['no-such-command']);
    assert.deepEqual(left(), []);
  });

  it('forwards a signal, waits, and cleans up', async () => {
    const script = 'trap "echo got TERM; exit 9" TERM; echo ready; while :; do sleep 0.1; done';
    const child = spawn(CLI, ['run', '--state-dir', running.stateDir, '--', 'sh', '-c', script], {
      env: home.env({ TMPDIR: temp }),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const code = new Promise((resolve) => child.once('close', resolve));
    await eventually(() => (out.includes('ready') ? true : undefined), 'the command');
    assert.equal(left().length, 1, 'its files are there while it runs');
    child.kill('SIGTERM');
    assert.equal(await code, 9);
    assert.match(out, /got TERM/);
    assert.deepEqual(left(), []);
  });

  it('shows the key in no command line and in no file of its own', async () => {
    const [agent] = running.agents;
    assert.ok(agent, 'the demo has an agent');
    // The command reads the arguments of its own process and of the one that started it.
    const script = 'cat /proc/$$/cmdline /proc/$PPID/cmdline "$(dirname "$SSL_CERT_FILE")"/* | tr "\\0" " "';
    const { out } = await run(['sh', '-c', script]);
    assert.ok(out.includes('run --state-dir'), 'it looked at the right process');
    assert.ok(out.includes('BEGIN CERTIFICATE'), 'and at the files');
    assert.ok(!out.includes(agent.api_key), 'no key in it');
    const env = await run(['printenv', 'HTTPS_PROXY']);
    assert.ok(env.out.includes(agent.api_key), 'the environment has it');
  });

  it('a gateway that does not run: what to do, before the command is started', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'cg-none-'));
    const marker = join(empty, 'started');
    try {
      for (const command of [
        ['run', '--state-dir', empty, '--', 'touch', marker],
        ['env', '--state-dir', empty],
        ['trust', 'list', '--state-dir', empty],
      ]) {
        const { code, out, err } = await home.run(CLI, command);
        assert.equal(code, 3, command.join(' '));
        assert.equal(out, '');
        assert.match(err, /no gateway runs on .*\n {2}next: start one with `clawgress up`/);
      }
      assert.ok(!existsSync(marker), 'the command did not start');
    } finally {
      rmSync(empty, { recursive: true, force: true });
    }
  });

  it('a gateway that has stopped is found out, too', async () => {
    const own = await startClawgress();
    try {
      await own.stop();
      assert.ok(existsSync(join(own.stateDir, 'run', 'endpoints.json')), 'its ports are still written down');
      const { code, err } = await home.run(CLI, ['run', '--state-dir', own.stateDir, '--', 'true']);
      assert.equal(code, 3);
      assert.match(err, /no gateway runs/);
      const env = await home.run(CLI, ['env', '--state-dir', own.stateDir]);
      assert.equal(env.code, 0);
      assert.match(env.err, /no gateway runs on .* now; these are its last ports/);
    } finally {
      own.remove();
    }
  });

  it('public roots stay trusted, and the CA of interception is there', async () => {
    const { out } = await run(['sh', '-c', 'cat "$SSL_CERT_FILE"; echo ===; cat "$NODE_EXTRA_CA_CERTS"']);
    const [all = '', own = ''] = out.split('===');
    const count = (text: string) => text.match(/BEGIN CERTIFICATE/g)?.length ?? 0;
    assert.ok(count(all) > count(own) + 50, 'the roots of the system are in the whole store');
    assert.ok(count(own) < 10, 'the small one holds ours alone');
    const root = join(running.stateDir, 'ca', 'root.pem');
    if (!existsSync(root)) return;
    for (const text of [all, own])
      assert.ok(text.includes(readFileSync(root, 'utf8').trim()), 'our root is in it');
  });
});

function left(): readonly string[] {
  return readdirSync(temp).filter((name) => name.startsWith('clawgress-'));
}
