import { isIP } from 'node:net';
import { askUdp, type Heard, routeProblem, type Step, talk } from './dial.ts';
import { encodeQuery, TYPE } from './dns_wire.ts';
import { gatewayCode, parseHead } from './http_wire.ts';
import { type Attempt, type DirectSight, judgeDirect, sightOfError } from './judge.ts';
import { authorityOf, type Place } from './places.ts';
import type { ProbeId } from './probes.ts';
import { findProof, type Token, tokenText } from './token.ts';
import { type Prober, tokenOf, type World } from './world.ts';

/** RFC 5737 and RFC 3849: nobody is there, so nobody is disturbed. */
export const RESERVED_IPV4 = '192.0.2.1';
export const RESERVED_IPV6 = '2001:db8::1';
const OTHER_PORTS = [22, 80, 8443];
const DNS_ID = 0x6362;

export const directTcp443: Prober = (world) => all([tcp(world, 'direct-tcp-443', outside(world, 443))]);

export const directTcpOther: Prober = (world) => {
  const given = world.targets.filter(({ host, port }) => isIP(host) === 4 && port !== 443 && port !== 53);
  const places = given.length > 0 ? given : OTHER_PORTS.map((port) => outside(world, port));
  return all(places.map((place) => tcp(world, 'direct-tcp-other', place)));
};

export const directUdp443: Prober = (world) => all([udp(world, 'direct-udp-443', outside(world, 443))]);

export const directIpv6: Prober = (world) => {
  const place = world.targets.find(({ host }) => isIP(host) === 6) ?? { host: RESERVED_IPV6, port: 443 };
  return all([tcp(world, 'direct-ipv6', place), udp(world, 'direct-ipv6', place)]);
};

export const dnsUdp: Prober = (world) => {
  const token = tokenOf(world, 'dns-udp');
  return all([udp(world, 'dns-udp', world.dnsTarget, queryFor(token))]);
};

/** Over TCP a message has its length in front. */
export const dnsTcp: Prober = (world) => {
  const query = queryFor(tokenOf(world, 'dns-tcp'));
  const framed = Buffer.concat([Uint8Array.from([query.length >> 8, query.length & 0xff]), query]);
  return all([tcp(world, 'dns-tcp', world.dnsTarget, framed)]);
};

export const metadataDirect: Prober = (world) => {
  const places = [
    { host: '169.254.169.254', port: 80 },
    { host: 'fd00:ec2::254', port: 80 },
  ];
  return all(places.map((place) => metadata(world, place)));
};

/** There is no echo: whoever takes the connection is the metadata service, or stands in its place. */
async function metadata(world: World, place: Place): Promise<Attempt> {
  const name = `tcp ${authorityOf(place)}`;
  const heard = await talk(place, [{ send: 'GET / HTTP/1.0\r\n\r\n', complete: isHeadOrOther }]);
  const [bytes = Buffer.alloc(0)] = heard.bytes;
  const head = parseHead(bytes);
  // Where connections are redirected to the gateway, it refuses in the place of the service.
  if (head !== undefined && gatewayCode(head) !== undefined)
    return { attempt: name, verdict: 'held', saw: 'the gateway answered in its place' };
  if (bytes.length > 0) return { attempt: name, verdict: 'leaked', saw: 'somebody answers there' };
  const noRoute = heard.error === undefined ? undefined : await routeProblem(place);
  return judgeDirect(name, sightOf(heard, undefined, noRoute), world.controlled.has(name));
}

/** An HTTP head is waited for; anything else is judged by its first bytes. */
function isHeadOrOther(bytes: Uint8Array): boolean {
  return parseHead(bytes) !== undefined || !Buffer.from(bytes).toString('latin1').startsWith('HTTP/');
}

/** The given outside address for this port, else some outside address. */
export function outside({ targets }: World, port: number): Place {
  const exact = targets.find((place) => isIP(place.host) === 4 && place.port === port);
  const host = targets.find((place) => isIP(place.host) === 4)?.host ?? RESERVED_IPV4;
  return exact ?? { host, port };
}

async function tcp(world: World, probe: ProbeId, place: Place, message?: Uint8Array): Promise<Attempt> {
  const token = tokenOf(world, probe);
  const name = `tcp ${authorityOf(place)}`;
  const hasProof = (bytes: Uint8Array) => findProof(bytes, token) !== undefined;
  const step: Step = { send: message ?? `${tokenText(token)}\n`, complete: hasProof };
  const noRoute = await routeProblem(place);
  const heard = noRoute === undefined ? await talk(place, [step]) : nothing(noRoute);
  return judgeDirect(name, sightOf(heard, token, noRoute), world.controlled.has(name));
}

async function udp(world: World, probe: ProbeId, place: Place, message?: Uint8Array): Promise<Attempt> {
  const token = tokenOf(world, probe);
  const name = `udp ${authorityOf(place)}`;
  const noRoute = await routeProblem(place);
  const bytes = message ?? Buffer.from(`${tokenText(token)}\n`);
  const heard = noRoute === undefined ? await askUdp(place, bytes) : nothing(noRoute);
  return judgeDirect(name, sightOf(heard, token, noRoute), world.controlled.has(name));
}

/** `noRoute`: what a look-up that sends nothing said. */
export function sightOf(heard: Heard, token: Token | undefined, noRoute: string | undefined): DirectSight {
  const [bytes] = heard.bytes;
  const arrival = bytes === undefined || token === undefined ? undefined : findProof(bytes, token);
  if (arrival !== undefined) return { kind: 'arrived', arrival };
  if (heard.error !== undefined) return sightOfError(heard.error, noRoute === heard.error);
  return heard.connected ? { kind: 'answered' } : { kind: 'silent' };
}

function queryFor(token: Token): Uint8Array {
  const query = encodeQuery(DNS_ID, `${tokenText(token)}.example.com`, TYPE.txt);
  if (!query.ok) throw new Error('invariant: a token is a label');
  return query.value;
}

function nothing(error: string): Heard {
  return { connected: false, bytes: [], closed: true, error };
}

function all(attempts: readonly Promise<Attempt>[]): Promise<readonly Attempt[]> {
  return Promise.all(attempts);
}
