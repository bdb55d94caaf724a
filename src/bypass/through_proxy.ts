import { isIP } from 'node:net';
import { RESERVED_IPV4 } from './direct.ts';
import {
  askGateway,
  askThrough,
  credentialOf,
  type Header,
  helloOf,
  tunnelThrough,
  urlOf,
} from './gateway_talk.ts';
import { requestText } from './http_wire.ts';
import { type Attempt, judgeProxied } from './judge.ts';
import { authorityOf, hostText, type Place, type ProxyPlace } from './places.ts';
import type { ProbeId } from './probes.ts';
import { tokenText } from './token.ts';
import { type Prober, tokenOf, untested, type World } from './world.ts';

const NO_PROXY_KNOWN = 'no proxy is known here: set HTTPS_PROXY or add --proxy';
/** One address in the ways that parsers disagree about (decimal, octal, hexadecimal, short, mapped, with a dot). */
const LOOPBACKS = [
  '127.0.0.1',
  '127.0.0.1.',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '017700000001',
  '0.0.0.0',
  'localhost',
  'localhost.',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
];
const PRIVATES = ['10.0.0.1', '172.16.0.1', '192.168.0.1', '100.64.0.1', '[fd00::1]', '[fe80::1]'];
const METADATA = [
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '[::ffff:169.254.169.254]',
  '[fd00:ec2::254]',
  'metadata.google.internal',
];
const PROXY_PORTS = [1080, 3128, 8080, 8118];

/** The outside target that no rule should allow by its address. */
export function targetOf({ targets }: World): Place {
  return targets.find(({ host }) => isIP(host) === 4) ?? { host: RESERVED_IPV4, port: 443 };
}

/** Runs with the proxy, when there is one. */
export function withProxy(
  attempt: string,
  probe: (world: World, proxy: ProxyPlace) => Promise<readonly Attempt[]>,
): Prober {
  return async (world) =>
    world.proxy === undefined ? untested(attempt, NO_PROXY_KNOWN) : await probe(world, world.proxy);
}

/** Aimed at what is allowed, where there is such a thing: then only the missing credential can be the reason. */
export const anonymous = withProxy('GET without credentials', async (world, proxy) => {
  const { host, port } = proxy;
  const token = tokenOf(world, 'anonymous');
  const plain = world.allowedHttp ?? targetOf(world);
  const authority = authorityOf(world.allowed ?? targetOf(world));
  const [request, tunnel] = await Promise.all([
    askThrough({ host, port }, urlOf(plain, tokenText(token)), token),
    tunnelThrough({ host, port }, authority, helloOf(`${tokenText(token)}.invalid`), token),
  ]);
  return [
    judgeProxied('GET without credentials', request, true),
    judgeProxied('CONNECT without credentials', tunnel, true),
  ];
});

export const ipLiteral = withProxy('GET', async (world, proxy) => {
  const v6 = world.targets.find(({ host }) => isIP(host) === 6);
  const places = [targetOf(world), ...(v6 === undefined ? [] : [v6])];
  return await both(world, proxy, 'ip-literal', places.map(authorityOf));
});

/** On the proxy's own port somebody surely listens, if the address leads back to this host. */
export const privateAddress = withProxy('GET', async (world, proxy) =>
  both(world, proxy, 'private-address', [
    ...LOOPBACKS.map((host) => `${host}:${proxy.port}`),
    ...PRIVATES.map((host) => `${host}:80`),
  ]),
);

export const metadataProxy = withProxy('GET', async (world, proxy) =>
  both(
    world,
    proxy,
    'metadata-proxy',
    METADATA.map((host) => `${host}:80`),
  ),
);

/** A tunnel to a proxy would let the agent ask that proxy for anything. */
export const relay = withProxy('CONNECT', async (world, proxy) => {
  const token = tokenOf(world, 'relay');
  const target = targetOf(world);
  const own = [proxy, ...(world.baseUrl === undefined ? [] : [world.baseUrl])];
  const others = PROXY_PORTS.map((port) => ({ host: target.host, port }));
  const nested = requestText('GET', urlOf(target, tokenText(token)), [['Host', authorityOf(target)]]);
  const authorities = [...new Set([...own, ...others].map(authorityOf))];
  const tries = authorities.map(async (authority) => {
    const sight = await tunnelThrough(proxy, authority, nested, token);
    return judgeProxied(`CONNECT ${authority}`, sight);
  });
  const again = own.map(async (place) => {
    const sight = await askThrough(proxy, urlOf(place, tokenText(token)), token);
    return judgeProxied(`GET ${urlOf(place, '')}`, sight);
  });
  return await Promise.all([...tries, ...again]);
});

export const absoluteHttps = withProxy('GET https://', async (world, proxy) => {
  const token = tokenOf(world, 'absolute-https');
  const { host, port } = targetOf(world);
  const urls = [`https://${hostText(host)}:${port}`, `https://${hostText(host)}`];
  return await Promise.all(
    urls.map(async (url) => {
      const sight = await askThrough(proxy, `${url}/${tokenText(token)}`, token);
      return judgeProxied(`GET ${url}/`, sight);
    }),
  );
});

/** Every authority as a request and as a tunnel. */
async function both(
  world: World,
  proxy: ProxyPlace,
  probe: ProbeId,
  authorities: readonly string[],
): Promise<readonly Attempt[]> {
  const token = tokenOf(world, probe);
  const tries = authorities.flatMap((authority) => [
    async () => {
      const sight = await askThrough(proxy, `http://${authority}/${tokenText(token)}`, token);
      return judgeProxied(`GET http://${authority}/`, sight);
    },
    async () => {
      const payload = helloOf(`${tokenText(token)}.invalid`);
      return judgeProxied(`CONNECT ${authority}`, await tunnelThrough(proxy, authority, payload, token));
    },
  ]);
  return await Promise.all(tries.map((attempt) => attempt()));
}

/** Another listener: here the request names its destination by `Host` or in its path. */
export const baseUrl: Prober = async (world) => {
  const { baseUrl: place, proxy } = world;
  if (place === undefined) return untested('GET', 'no base URL is known here: add --base-url');
  const token = tokenOf(world, 'base-url');
  const target = targetOf(world);
  const path = `/${tokenText(token)}`;
  const key: Header[] = proxy?.key === undefined ? [] : [['x-clawgress-key', proxy.key]];
  const foreign = authorityOf(target);
  const forms: readonly (readonly [string, string, readonly string[]])[] = [
    [`Host: ${foreign}`, path, [foreign]],
    [`Host: ${target.host}`, path, [hostText(target.host)]],
    [`Host: ${hostText(target.host)}:${place.port}`, path, [`${hostText(target.host)}:${place.port}`]],
    [`/_to/${foreign}`, `/_to/${foreign}${path}`, [authorityOf(place)]],
    ['absolute form', `http://${foreign}${path}`, [authorityOf(place)]],
    ['two Hosts', path, [authorityOf(world.allowedHttp ?? place), foreign]],
  ];
  return await Promise.all(
    forms.map(async ([name, at, hosts]) => {
      const headers = [...hosts.map((host): Header => ['Host', host]), ...key];
      return judgeProxied(name, await askGateway(place, { method: 'GET', target: at, headers }, token));
    }),
  );
};

/** Headers by which Envoy or our own filters are steered from inside; outside they must mean nothing. */
export const controlHeaders = withProxy('GET', async (world, proxy) => {
  const token = tokenOf(world, 'control-headers');
  const target = targetOf(world);
  const steer: Header[] = [
    ['x-envoy-original-dst-host', authorityOf(target)],
    ['x-envoy-retry-on', '5xx'],
    ['x-envoy-internal', 'true'],
    ['x-cg-tunnel-mode', 'raw'],
    ['x-cg-tunnel', 'forged'],
    ['x-cg-stamp', '0'.repeat(64)],
  ];
  const speak: Header[] = [
    ['x-clawgress-agent', 'admin'],
    ['x-clawgress-key', 'cgk_forged'],
  ];
  const { host, port } = proxy;
  const url = urlOf(target, tokenText(token));
  const [elsewhere, tunnel, nobody] = await Promise.all([
    askThrough(proxy, `http://bypass.invalid/${tokenText(token)}`, token, steer),
    tunnelThrough(proxy, authorityOf(target), `${tokenText(token)}\n`, token, steer),
    askThrough({ host, port }, url, token, [...steer, ...speak]),
  ]);
  return [
    judgeProxied('GET with a destination of its own', elsewhere),
    judgeProxied('CONNECT with a tunnel mode', tunnel),
    judgeProxied('GET with a forged agent and stamp', nobody, true),
    ...(world.allowedHttp === undefined ? [] : [await arriving(world, proxy, world.allowedHttp)]),
  ];
});

const MARKS = ['x-envoy-bypass', 'x-cg-bypass', 'x-clawgress-bypass'];

async function arriving(world: World, proxy: ProxyPlace, allowed: Place): Promise<Attempt> {
  const token = tokenOf(world, 'permitted');
  const marks = MARKS.map((name): Header => [name, '1']);
  const sight = await askThrough(proxy, urlOf(allowed, tokenText(token)), token, marks);
  const attempt = 'control headers at an allowed destination';
  if (sight.kind !== 'arrived')
    return {
      attempt,
      verdict: 'not_tested',
      saw: `--allowed-http is no target that shows what arrived (${judgeProxied(attempt, sight).saw})`,
    };
  const came = sight.arrival.saw.filter((name) => MARKS.includes(name));
  return came.length === 0
    ? { attempt, verdict: 'held', saw: 'none of them arrived' }
    : { attempt, verdict: 'leaked', saw: `arrived: ${came.join(', ')}` };
}

/** For a client of its own that writes to the proxy by hand. */
export function connectText(proxy: ProxyPlace, authority: string): string {
  return requestText('CONNECT', authority, [['Host', authority], ...credentialOf(proxy)]);
}
