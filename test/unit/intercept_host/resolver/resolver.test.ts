/** The resolver on real sockets, asked by programs that are not ours. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { encodeQuery, parseAnswer } from '../../../../src/bypass/dns_wire.ts';
import type { Answer } from '../../../../src/core/dns/answer.ts';
import { type RunningResolver, startResolver } from '../../../../src/intercept_host/resolver/resolver.ts';
import { CONNECTIONS_PER_SOURCE_MAX } from '../../../../src/intercept_host/resolver/tcp.ts';

const ALLOWED = new Set(['api.allowed.example', 'b.allowed.example']);
const counted: Answer[] = [];
let running: RunningResolver;
before(async () => {
  running = await startOnFreePort();
});
after(() => running.close());

async function startOnFreePort(): Promise<RunningResolver> {
  for (let tries = 0; ; tries += 1) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    try {
      return await startResolver({
        address: '127.0.0.1',
        port,
        ipv4_block: '198.18.0.0/15',
        ipv6_block: 'fd63:6761::/64',
        mayReach: (host) => ALLOWED.has(host),
        count: (answer) => counted.push(answer),
        warn: () => {},
      });
    } catch (error) {
      if (tries > 20) throw error;
    }
  }
}

const PYTHON = `
import socket, struct, sys
port, name, kind = int(sys.argv[1]), sys.argv[2], sys.argv[3]
q = struct.pack('>HHHHHH', 7, 0x0100, 1, 0, 0, 0)
q += b''.join(bytes([len(l)]) + l.encode() for l in name.split('.')) + b'\\0' + struct.pack('>HH', 1, 1)
if kind == 'udp':
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5); s.sendto(q, ('127.0.0.1', port)); a = s.recv(4096)
else:
    s = socket.create_connection(('127.0.0.1', port), 5); s.sendall(struct.pack('>H', len(q)) + q); s.shutdown(socket.SHUT_WR)
    f = s.makefile('rb'); (n,) = struct.unpack('>H', f.read(2)); a = f.read(n)
print(a[3] & 15, struct.unpack('>H', a[6:8])[0], '.'.join(str(b) for b in a[-4:]))
`;

function program(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (part: Buffer) => (out += part.toString()));
    child.once('close', () => resolve(out.trim()));
  });
}

const has = (name: string) => spawnSync('which', [name]).status === 0;

describe('the resolver on sockets', () => {
  it('answers the resolver of Node, over both loopbacks', async () => {
    assert.deepEqual(running.addresses, ['127.0.0.1', '::1']);
    for (const server of [`127.0.0.1:${running.port}`, `[::1]:${running.port}`]) {
      const resolver = new Resolver({ timeout: 2_000, tries: 2 });
      resolver.setServers([server]);
      const [four] = await resolver.resolve4('api.allowed.example', { ttl: true });
      assert.match(four?.address ?? '', /^198\.1[89]\./);
      assert.equal(four?.ttl, 5);
      assert.match((await resolver.resolve6('API.allowed.example'))[0] ?? '', /^fd63:6761:/);
      await assert.rejects(resolver.resolve4('denied.example'), { code: 'ENOTFOUND' });
      await assert.rejects(resolver.resolveTxt('api.allowed.example'), { code: 'ENODATA' });
      await assert.rejects(resolver.reverse('198.18.0.1'), { code: 'ENOTFOUND' });
    }
  });

  it('says what became of each query', () => {
    for (const answer of ['address', 'no_name', 'no_data'] as const)
      assert.ok(counted.includes(answer), `${answer} was counted`);
  });

  it('answers Python over UDP and TCP, with a half-closed connection', async (t) => {
    if (!has('python3')) return t.skip('SKIPPED: python3 is not installed');
    for (const kind of ['udp', 'tcp']) {
      const ask = (name: string) => program('python3', ['-c', PYTHON, String(running.port), name, kind]);
      assert.match(await ask('api.allowed.example'), /^0 1 198\.1[89]\./);
      assert.match(await ask('denied.example'), /^3 0 /);
    }
  });

  it('answers dig, with and without TCP and EDNS', async (t) => {
    if (!has('dig')) return t.skip('SKIPPED: dig is not installed (apt-get install bind9-dnsutils)');
    for (const more of [[], ['+tcp'], ['+noedns'], ['+dnssec'], ['+padding=468']]) {
      const args = ['@127.0.0.1', '-p', String(running.port), ...more];
      const out = await program('dig', [...args, 'api.allowed.example', 'A']);
      assert.match(out, /status: NOERROR/);
      assert.match(out, /api\.allowed\.example\.\s+5\s+IN\s+A\s+198\.1[89]\./);
      assert.doesNotMatch(out, /WARNING|malformed/i);
      assert.match(await program('dig', [...args, 'denied.example', 'A']), /status: NXDOMAIN/);
      assert.match(await program('dig', [...args, 'api.allowed.example', 'HTTPS']), /NOERROR.*\n.*ANSWER: 0/);
      assert.match(await program('dig', [...args, 'version.bind', 'CH', 'TXT']), /status: REFUSED/);
    }
  });

  it('follows the policy of the moment', async () => {
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${running.port}`]);
    await assert.rejects(resolver.resolve4('late.example'));
    ALLOWED.add('late.example');
    assert.equal((await resolver.resolve4('late.example')).length, 1);
    ALLOWED.delete('late.example');
    await assert.rejects(resolver.resolve4('late.example'));
  });

  it('bounds connections of one source, and ends those that it cannot read', async () => {
    const open = () =>
      new Promise<Socket>((resolve) => {
        const socket = connect(running.port, '127.0.0.1', () => resolve(socket)).on('error', () => {});
      });
    const closed = (socket: Socket) => new Promise((resolve) => socket.resume().once('close', resolve));
    const sockets = [];
    for (let index = 0; index < CONNECTIONS_PER_SOURCE_MAX; index += 1) sockets.push(await open());
    await closed(await open());
    assert.ok(
      sockets.every(({ destroyed }) => !destroyed),
      'those within the bound stand',
    );
    for (const [index, bytes] of [
      [0, 0],
      [0xff, 0xff],
      [0, 3, 1, 2, 3],
    ].entries()) {
      sockets[index]?.write(Uint8Array.from(bytes));
      if (sockets[index] !== undefined) await closed(sockets[index]);
    }
    for (const socket of sockets) socket.destroy();
  });

  it('reads queries that come in pieces, and several on one connection', async () => {
    const framed = ['api.allowed.example', 'denied.example'].map((name, id) => {
      const query = encodeQuery(id, name, 1);
      assert.ok(query.ok, name);
      return Buffer.concat([Uint8Array.of(0, query.value.length), query.value]);
    });
    const socket = connect(running.port, '127.0.0.1').setNoDelay(true);
    const heard: Buffer[] = [];
    socket.on('data', (part: Buffer) => heard.push(part));
    for (const byte of framed[0] ?? []) {
      socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.end(Buffer.concat(framed));
    await new Promise((resolve) => socket.once('close', resolve));
    const seen: number[][] = [];
    for (let rest = Buffer.concat(heard); rest.length > 2; rest = rest.subarray(2 + rest.readUInt16BE(0))) {
      const message = parseAnswer(rest.subarray(2, 2 + rest.readUInt16BE(0)));
      assert.ok(message.ok, 'each is a whole answer');
      seen.push([message.value.id, message.value.rcode, message.value.records.length]);
    }
    assert.deepEqual(
      seen,
      [
        [0, 0, 1],
        [0, 0, 1],
        [1, 3, 0],
      ],
      'in order, each with its own id',
    );
  });

  it('lets one source ask so much and no more', async () => {
    const query = encodeQuery(1, 'api.allowed.example', 1);
    assert.ok(query.ok, 'encodes');
    const before = counted.filter((answer) => answer === 'dropped').length;
    const socket = createSocket('udp4');
    let sent = 0;
    // In parts, because the kernel drops what a full socket buffer cannot hold.
    while (counted.filter((answer) => answer === 'dropped').length === before && sent < 100_000) {
      for (let index = 0; index < 100; index += 1, sent += 1)
        socket.send(query.value, running.port, '127.0.0.1');
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.close();
    assert.ok(counted.filter((answer) => answer === 'dropped').length > before, 'the flood is not answered');
  });

  it('a port that is taken is an error, and nothing is left of the try', async () => {
    const options = { ipv4_block: '198.18.0.0/15', ipv6_block: 'fd63:6761::/64' };
    const quiet = { mayReach: () => true, count: () => {}, warn: () => {} };
    const again = { address: '127.0.0.1', port: running.port, ...options, ...quiet };
    await assert.rejects(startResolver(again), { code: 'EADDRINUSE' });
    await assert.rejects(startResolver({ ...again, ipv4_block: 'fd63:6761::/64' }), /allowed: an IPv4 CIDR/);
  });
});
