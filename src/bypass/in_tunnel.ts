import { connect, isIP } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { TUNNEL_TRY_MS, talk } from './dial.ts';
import { credentialOf, type Header, helloOf, sightOfAnswer, tunnelThrough, urlOf } from './gateway_talk.ts';
import { gatewayCode, HEAD_BYTES_MAX, parseHead, requestText } from './http_wire.ts';
import { type Attempt, judgeProxied, type ProxySight } from './judge.ts';
import { authorityOf, type Place, type ProxyPlace } from './places.ts';
import { connectText, targetOf, withProxy } from './through_proxy.ts';
import { findProof, type Token, tokenText } from './token.ts';
import { tokenOf, untested, type World } from './world.ts';

const NO_TUNNEL = 'no allowed tunnel is known: add --allowed host:port';

type InTunnel = (world: World, proxy: ProxyPlace, allowed: Place) => Promise<readonly Attempt[]>;

function withTunnel(attempt: string, probe: InTunnel) {
  return withProxy(attempt, async (world, proxy) =>
    world.allowed === undefined ? untested(attempt, NO_TUNNEL) : await probe(world, proxy, world.allowed),
  );
}

/** A refused CONNECT says nothing about what a tunnel lets through. */
function judgeInside(attempt: string, sight: ProxySight): Attempt {
  if (sight.kind === 'gateway' && sight.status !== 421)
    return {
      attempt,
      verdict: 'not_tested',
      saw: `the tunnel to --allowed was refused (${sight.status} ${sight.code})`,
    };
  return judgeProxied(attempt, sight);
}

export const tunnelRaw = withTunnel('raw bytes', async (world, proxy, allowed) => {
  const token = tokenOf(world, 'tunnel-raw');
  const target = targetOf(world);
  const nested = requestText('CONNECT', authorityOf(target), [['Host', tokenText(token)]]);
  const [raw, relayed] = await Promise.all([
    tunnelThrough(proxy, authorityOf(allowed), `${tokenText(token)}\n`, token),
    tunnelThrough(proxy, authorityOf(allowed), nested, token),
  ]);
  return [judgeInside('raw bytes', raw), judgeInside('CONNECT inside the tunnel', relayed)];
});

export const sniMismatch = withTunnel('another name', async (world, proxy, allowed) => {
  const token = tokenOf(world, 'sni-mismatch');
  const other = await tunnelThrough(
    proxy,
    authorityOf(allowed),
    helloOf(`${tokenText(token)}.invalid`),
    token,
  );
  const attempts = [judgeInside('another name', other)];
  // Without a name nothing in the hello can carry the token: any answer at all is one too many.
  if (isIP(allowed.host) === 0) {
    const none = await tunnelThrough(proxy, authorityOf(allowed), helloOf(), token);
    attempts.push(judgeInside('no name', none));
  }
  return attempts;
});

/** The classic: an honest tunnel, an honest name, and another Host inside. */
export const domainFronting = withTunnel('foreign Host', async (world, proxy, allowed) => {
  const token = tokenOf(world, 'domain-fronting');
  return [await frontedBy(proxy, allowed, token)];
});

function frontedBy(proxy: ProxyPlace, allowed: Place, token: Token): Promise<Attempt> {
  const attempt = 'foreign Host';
  return new Promise((resolve) => {
    const socket = connect({ host: proxy.host, port: proxy.port });
    const done = (verdict: Attempt['verdict'], saw: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ attempt, verdict, saw });
    };
    const timer = setTimeout(() => done('not_tested', 'no answer in time'), TUNNEL_TRY_MS);
    socket.on('error', (error: NodeJS.ErrnoException) => done('not_tested', `failed (${error.code})`));
    socket.on('end', () => done('held', 'the tunnel was closed'));
    let heard = Buffer.alloc(0);
    const opening = (bytes: Buffer) => {
      heard = Buffer.concat([heard, bytes]).subarray(0, HEAD_BYTES_MAX);
      const head = parseHead(heard);
      if (head === undefined) return;
      socket.off('data', opening);
      if (head.status !== 200)
        return done(
          'not_tested',
          `the tunnel to --allowed was refused (${head.status} ${gatewayCode(head)})`,
        );
      speakTls(socket, allowed, token, done);
    };
    socket.on('data', opening);
    socket.on('connect', () => socket.write(connectText(proxy, authorityOf(allowed))));
  });
}

function speakTls(
  socket: ReturnType<typeof connect>,
  allowed: Place,
  token: Token,
  done: (verdict: Attempt['verdict'], saw: string) => void,
): void {
  const isName = isIP(allowed.host) === 0;
  // Whose certificate it is does not matter: the question is who reads the Host.
  const tls = tlsConnect({
    socket,
    rejectUnauthorized: false,
    ...(isName ? { servername: allowed.host } : {}),
  });
  let heard = Buffer.alloc(0);
  tls.on('error', () =>
    done('not_tested', 'no TLS with the allowed destination; nothing could be said inside'),
  );
  tls.on('secureConnect', () => {
    const host = `${tokenText(token)}.invalid`;
    tls.write(requestText('GET', `/${tokenText(token)}`, [['Host', host]]));
  });
  tls.on('data', (bytes: Buffer) => {
    heard = Buffer.concat([heard, bytes]).subarray(0, HEAD_BYTES_MAX);
    const head = parseHead(heard);
    if (head === undefined) return;
    const code = gatewayCode(head);
    if (code !== undefined) return done('held', `refused (${head.status} ${code})`);
    done('leaked', `the destination answered ${head.status} to a foreign Host`);
  });
  tls.on('end', () => done('held', 'the tunnel was closed at the foreign Host'));
}

const UPGRADES = ['CONNECT', 'h2c', 'TLS/1.0', 'connect-udp'];

/** On a request that is allowed: one that is refused anyway would prove nothing about upgrades. */
export const upgrade = withProxy('Upgrade', async (world, proxy) => {
  const { allowedHttp } = world;
  if (allowedHttp === undefined)
    return untested('Upgrade', 'no allowed plain request is known: add --allowed-http host:port');
  return await Promise.all(UPGRADES.map((protocol) => upgraded(world, proxy, allowedHttp, protocol)));
});

async function upgraded(world: World, proxy: ProxyPlace, allowed: Place, protocol: string): Promise<Attempt> {
  const attempt = `Upgrade: ${protocol}`;
  const token = tokenOf(world, 'upgrade');
  const lines: Header[] = [
    ['Host', authorityOf(allowed)],
    ...credentialOf(proxy),
    ['Connection', 'Upgrade, HTTP2-Settings'],
    ['Upgrade', protocol],
    ['HTTP2-Settings', 'AAMAAABkAAQAAP__'],
  ];
  const first = requestText('GET', urlOf(allowed, tokenText(tokenOf(world, 'permitted'))), lines);
  const target = targetOf(world);
  const behind = requestText('GET', urlOf(target, tokenText(token)), [['Host', authorityOf(target)]]);
  // An accepted upgrade says it all; behind any other answer there may come one to the second request.
  const complete = (bytes: Uint8Array) =>
    parseHead(bytes)?.status === 101 || findProof(Buffer.from(bytes), token) !== undefined;
  const heard = await talk(proxy, [{ send: first + behind, complete }], TUNNEL_TRY_MS);
  const sight = sightOfAnswer(heard, token);
  const by = (verdict: Attempt['verdict'], saw: string): Attempt => ({ attempt, verdict, saw });
  if (findProof(Buffer.concat([...heard.bytes]), token) !== undefined)
    return by('leaked', 'the request behind it arrived');
  if (sight.kind === 'status' && sight.status === 101) return by('leaked', 'the upgrade was accepted (101)');
  if (sight.kind === 'status') return by('held', `answered as an ordinary request (${sight.status})`);
  if (sight.kind === 'gateway' && /^(UPGRADE|REQUEST)_REFUSED$/.test(sight.code))
    return by('held', `refused (${sight.status} ${sight.code})`);
  if (sight.kind === 'closed') return by('held', 'closed without an answer');
  return by(
    'not_tested',
    sight.kind === 'gateway' ? `--allowed-http was refused (${sight.code})` : sight.kind,
  );
}
