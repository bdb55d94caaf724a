/** The resolver as the only name server of a system: what the C library, curl and Python make of its answers. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SERVE = fileURLToPath(new URL('./serve.ts', import.meta.url));
const UNSHARE = 'unshare';
const PROGRAMS = [UNSHARE, 'mount', 'ip', 'getent', 'curl', 'python3'];
const ADDRESS = /198\.1[89]\.\d+\.\d+/;

interface Ran {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

/** A network with a loopback alone, and these name servers. */
async function inside(nameServers: string, programs: readonly (readonly string[])[]) {
  const dir = mkdtempSync(join(tmpdir(), 'cg-resolver-'));
  try {
    const conf = join(dir, 'resolv.conf');
    writeFileSync(conf, nameServers);
    const script = [
      'set -e; ip link set lo up; mount --bind "$1" /etc/resolv.conf; shift',
      // The C library asks for families only of which this host has an address besides loopback.
      'ip addr add 10.92.0.1/32 dev lo; ip addr add 2001:db8::5/128 dev lo nodad; exec "$@"',
    ].join('\n');
    const node = [process.execPath, '--import', 'tsx', SERVE, JSON.stringify(programs)];
    const args = [
      '--net',
      '--mount',
      '--propagation',
      'private',
      '--',
      'sh',
      '-c',
      script,
      'sh',
      conf,
      ...node,
    ];
    const child = spawn(UNSHARE, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (part: Buffer) => (out += part.toString()));
    child.stderr.on('data', (part: Buffer) => (err += part.toString()));
    await new Promise((resolve) => child.once('close', resolve));
    assert.notEqual(out, '', err);
    return JSON.parse(out) as { ran: readonly Ran[]; counted: Readonly<Record<string, number>> };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'namespaces with a resolv.conf of their own need root';
  const absent = PROGRAMS.filter((name) => spawnSync('which', [name]).status !== 0);
  return absent.length === 0 ? undefined : `${absent.join(', ')} not installed`;
}

for (const server of ['127.0.0.1', '::1']) {
  test(`with ${server} as the only name server`, async (t) => {
    const lack = missing();
    if (lack !== undefined) return t.skip(`SKIPPED: ${lack}`);
    const python =
      "import socket; print(sorted({a[4][0] for a in socket.getaddrinfo('api.allowed.example', 80)}))";
    const { ran, counted } = await inside(`nameserver ${server}\noptions timeout:5 attempts:1\n`, [
      ['getent', 'ahostsv4', 'api.allowed.example'],
      ['getent', 'ahostsv6', 'API.Allowed.Example'],
      ['getent', 'hosts', 'denied.example'],
      ['getent', 'hosts', 'sub.api.allowed.example'],
      ['curl', '-sv', '-m', '30', 'http://api.allowed.example/'],
      ['curl', '-sv', '-m', '30', 'http://denied.example/'],
      ['python3', '-c', python],
      ['python3', '-c', "import socket; socket.gethostbyaddr('198.18.0.9')"],
    ]);
    const [four, six, denied, below, curl, refused, both, reverse] = ran;
    assert.match(four?.out ?? '', ADDRESS);
    assert.match(six?.out ?? '', /fd63:6761::/);
    assert.deepEqual([denied?.code, below?.code], [2, 2], 'not found');
    // It knows where to go; that this network leads nowhere is no matter of names.
    assert.equal(curl?.code, 7, curl?.err);
    assert.match(curl?.err ?? '', ADDRESS);
    assert.equal(refused?.code, 6, 'could not resolve');
    assert.match(both?.out ?? '', /'198\.1[89]\.[\d.]+', 'fd63:6761:/);
    assert.match(reverse?.err ?? '', /Unknown host|Name or service not known/);
    assert.ok((counted['address'] ?? 0) >= 4 && (counted['no_name'] ?? 0) >= 4, JSON.stringify(counted));
    assert.deepEqual(
      Object.keys(counted).sort(),
      ['address', 'no_name'],
      'no program asked in a way that it refuses',
    );
  });
}
