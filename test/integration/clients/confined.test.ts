/** `clawgress run --intercept`: the gateway is there, and nothing else is. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../support/running.ts';
import {
  AGENT_UID,
  type ConfinedWorld,
  missing,
  openWorld,
  SYSTEM_PATH,
  type Who,
  whoever,
} from './confined_world.ts';
import { CLI } from './world.ts';

const PROGRAM = fileURLToPath(new URL('./confined.py', import.meta.url));
const PTY = `
import os, pty, sys, time, signal
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
out = b''
while b'READY' not in out:
    out += os.read(fd, 1024)
os.write(fd, b'\\x03')
while True:
    try:
        part = os.read(fd, 1024)
    except OSError:
        break
    if not part:
        break
    out += part
_, status = os.waitpid(pid, 0)
print(out.decode(), 'CODE', os.waitstatus_to_exitcode(status))
`;

for (const who of whoever()) {
  const why = missing(who);
  describe(`run --intercept by ${who.name}`, { skip: why === undefined ? false : `SKIPPED: ${why}` }, () =>
    suite(who),
  );
}

function suite(who: Who): void {
  let world: ConfinedWorld;
  before(async () => {
    world = await openWorld(who);
  });
  after(() => world.close());
  const left = () => readdirSync(world.temp).filter((name) => name.startsWith('clawgress-'));

  it('leads curl, Node and Python through the gateway', async () => {
    const { upstream_http } = world.running.endpoints.demo;
    const url = `${upstream_http}/hello`;
    const curl = await world.run(['curl', '-si', url]);
    assert.match(curl.out, /^HTTP\/1.1 200 OK\r[\s\S]*x-clawgress-receipt: /, curl.err);
    const script = `fetch(${JSON.stringify(url)}).then((r) => console.log(r.status, r.headers.has('x-clawgress-receipt')))`;
    const node = await world.run([process.execPath, '-e', script]);
    assert.equal(node.out, '200 true\n', node.err);
    const python = `import urllib.request as u; r = u.urlopen(${JSON.stringify(url)}); print(r.status, 'x-clawgress-receipt' in r.headers)`;
    assert.equal((await world.run(['python3', '-c', python])).out, '200 True\n');
    const denied = await world.run([
      'curl',
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      'http://denied.example/',
    ]);
    assert.equal(denied.out, '403', 'the gateway judges as ever');
    const tls = `${world.running.endpoints.demo.upstream_https}/hello`;
    const secure = await world.run(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', tls]);
    assert.equal(secure.out, '200', 'a tunnel, with the CA that the variables name');
    const base = await world.run([
      'sh',
      '-c',
      `curl -s -o /dev/null -w '%{http_code}' ${world.running.endpoints.base_url}/x`,
    ]);
    assert.match(base.out, /^4\d\d$/, 'the base URL listener is there, too');
  });

  it('lets nothing else through, and the same tries succeed without it', async () => {
    const tries = ['python3', PROGRAM, JSON.stringify(world.outside.places)];
    const seen = async (flags: readonly string[]) => {
      const { out, err } = await world.run(tries, { flags });
      assert.notEqual(out, '', err);
      return JSON.parse(out) as Record<string, { through: boolean; saw: string }>;
    };
    const through = (all: Awaited<ReturnType<typeof seen>>) =>
      Object.keys(all).filter((name) => all[name]?.through === true);
    // docs/clients.md says that sockets in the file system are not closed by this.
    assert.deepEqual(through(await seen(['--intercept'])), ['path_socket']);
    const free = through(await seen([]));
    const here = ['tcp_loopback', 'tcp_host_address', 'udp_loopback', 'abstract_socket', 'path_socket'];
    const ofRoot = who.uid === 0 ? ['raw_socket', 'enter_starter', 'descriptors_of_starter'] : [];
    for (const name of [...here, ...ofRoot])
      assert.ok(free.includes(name), `${name} works without --intercept`);
  });

  it('fails at once for programs that ignore the proxy', async () => {
    const { upstream_http } = world.running.endpoints.demo;
    const curl = await world.run(['curl', '-s', '--noproxy', '*', `${upstream_http}/hello`]);
    assert.equal(curl.code, 7, 'could not connect');
    const script = `require('node:dns').resolve4('example.com', (e) => console.log(e.code)); require('node:net').connect(${world.outside.places.tcp}, '127.0.0.1').on('error', (e) => console.log(e.code)).on('connect', () => console.log('connected'))`;
    const node = await world.run([process.execPath, '-e', script], { env: { NODE_OPTIONS: '' } });
    assert.deepEqual(node.out.trim().split('\n').sort(), ['ECONNREFUSED', 'ECONNREFUSED'], node.err);
  });

  it('passes on exit codes, arguments, signals and standard input', async () => {
    assert.equal((await world.run(['sh', '-c', 'exit 42'])).code, 42);
    assert.equal((await world.run(['sh', '-c', 'kill -TERM $$'])).code, 143);
    assert.equal((await world.run(['no-such-command'])).code, 127);
    assert.equal((await world.run([world.temp])).code, 126);
    const odd = ['a b', '$HOME', "'", '--agent', ''];
    const print = 'console.log(JSON.stringify(process.argv.slice(1)))';
    assert.deepEqual(JSON.parse((await world.run([process.execPath, '-e', print, '--', ...odd])).out), odd);
    assert.equal((await world.run(['cat'], { stdin: 'through and through' })).out, 'through and through');
    const child = world.start([
      'sh',
      '-c',
      'trap "echo got TERM; exit 9" TERM; echo ready; while :; do sleep 0.1; done',
    ]);
    let out = '';
    child.stdout?.on('data', (part: Buffer) => (out += part.toString()));
    const code = new Promise((resolve) => child.once('close', resolve));
    await eventually(() => (out.includes('ready') ? true : undefined), 'the command');
    child.kill('SIGTERM');
    assert.equal(await code, 9);
    assert.match(out, /got TERM/);
    await eventually(() => (left().length === 0 ? true : undefined), 'its files to be taken away');
  });

  it('keeps the user, the terminal, and nothing of the channel', async () => {
    const { out } = await world.run([
      'sh',
      '-c',
      'id -u; env | grep -c ^NODE_CHANNEL; readlink /proc/self/fd/3',
    ]);
    assert.deepEqual(out.trim().split('\n').slice(0, 2), [String(who.uid), '0']);
    assert.doesNotMatch(out, /socket:/, 'the channel to the outside is closed');
    const inner =
      'trap "echo GOT INT; exit 5" INT; test -t 0 && test -t 1 && stty size && echo READY; while :; do sleep 0.1; done';
    const args = [CLI, 'run', '--state-dir', world.running.stateDir, '--intercept', '--', 'sh', '-c', inner];
    const pty = await world.run(['python3', '-c', PTY, ...args], { flags: [] });
    assert.match(pty.out, /READY[\s\S]*GOT INT[\s\S]*CODE 5/, pty.err);
  });

  it('gives its CA files to whom the command becomes, when root started it', async () => {
    const id = String(AGENT_UID);
    const become = ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups'];
    const read = [
      'sh',
      '-c',
      'id -u; grep -c BEGIN "$NODE_EXTRA_CA_CERTS"; stat -c %a "$NODE_EXTRA_CA_CERTS"',
    ];
    const { out, err } = await world.run(who.uid === 0 ? [...become, ...read] : read);
    const mode = who.uid === 0 ? '644' : '600';
    assert.match(out, new RegExp(`^${who.uid === 0 ? AGENT_UID : who.uid}\\n[1-9]\\d*\\n${mode}\\n$`), err);
  });

  it('leaves nothing when it is killed, and no way out to whoever lives on', async () => {
    const file = join(world.temp, 'later');
    const url = `${world.running.endpoints.demo.upstream_http}/hello`;
    const request = `curl -s -o /dev/null -w "%{http_code}" ${url}`;
    const killed = join(world.temp, 'killed');
    const waits = `until [ -e ${killed} ]; do sleep 0.1; done`;
    const later = `(trap "" HUP; ${waits}; for n in 1 2 3; do ${request} >> ${file}; done; echo . >> ${file}) &`;
    const child = world.start(['sh', '-c', `${request}; ${later} echo $$ READY; exec sleep 600`]);
    let out = '';
    child.stdout?.on('data', (part: Buffer) => (out += part.toString()));
    await eventually(() => (out.includes('READY') ? true : undefined), 'the command');
    const pid = Number(/(\d+) READY/.exec(out)?.[1]?.slice(3));
    assert.match(out, /^200/);
    child.kill('SIGKILL');
    try {
      await eventually(() => (existsSync(`/proc/${pid}`) ? undefined : true), 'the command to be killed');
      await eventually(() => (left().length === 0 ? true : undefined), 'its files to be taken away');
    } finally {
      writeFileSync(killed, '');
      if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
    }
    await eventually(
      () => (existsSync(file) && readFileSync(file, 'utf8').includes('.') ? true : undefined),
      'the rest',
    );
    assert.equal(readFileSync(file, 'utf8'), '000000000.\n', 'what it left running reaches nothing any more');
  });

  it('says what to do where no namespace can be had, and does not start the command', async () => {
    const folder = join(world.temp, 'bin');
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'unshare'),
      '#!/bin/sh\necho "unshare: unshare failed: Operation not permitted" >&2\nexit 1\n',
    );
    chmodSync(folder, 0o755);
    chmodSync(join(folder, 'unshare'), 0o755);
    const marker = join(world.temp, 'started');
    const path = `${folder}:${SYSTEM_PATH}`;
    const refused = await world.run(['touch', marker], { env: { PATH: path } });
    assert.equal(refused.code, 3, refused.err);
    assert.match(
      refused.err,
      /no network namespace can be made here: unshare failed|Operation not permitted/,
    );
    assert.match(refused.err, /\n {2}next: .*sudo clawgress run --intercept/);
    assert.ok(!existsSync(marker), 'the command did not start');
    assert.deepEqual(left(), []);
  });

  it('doctor --bypass inside finds no leak of the network', async () => {
    const base = new URL(world.running.endpoints.base_url).host;
    const doctor = [
      CLI,
      'doctor',
      '--bypass',
      '--state-dir',
      world.running.stateDir,
      '--base-url',
      base,
      '--json',
    ];
    const id = String(AGENT_UID);
    const become = ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', '--inh-caps=-all'];
    const { out, err } = await world.run(who.uid === 0 ? [...become, ...doctor] : doctor);
    assert.notEqual(out, '', err);
    const findings = JSON.parse(out).findings as { probe: string; verdict: string; attempts: unknown }[];
    const by = (verdict: string) =>
      findings.filter((one) => one.verdict === verdict).map(({ probe }) => probe);
    // Who runs the gateway and the agent as one user has that leak, with or without a namespace.
    const own = who.uid === 0 ? [] : ['gateway-sockets', 'state-files', 'same-uid'];
    assert.deepEqual(by('leaked'), own, JSON.stringify(findings, null, 1));
    const unasked = ['tunnel-raw', 'sni-mismatch', 'domain-fronting', 'upgrade'];
    assert.deepEqual(by('not_tested'), unasked, 'they need an allowed destination');
  });
}
