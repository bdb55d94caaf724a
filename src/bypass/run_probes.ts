import {
  directIpv6,
  directTcp443,
  directTcpOther,
  directUdp443,
  dnsTcp,
  dnsUdp,
  metadataDirect,
} from './direct.ts';
import { dnsTunnel } from './dns_tunnel.ts';
import { domainFronting, sniMismatch, tunnelRaw, upgrade } from './in_tunnel.ts';
import type { Attempt } from './judge.ts';
import { PROBES, type ProbeId } from './probes.ts';
import { findingOf, type ProbeFinding } from './report.ts';
import { gatewaySockets, privileges, proxyVariables, sameUid, stateFiles } from './surroundings.ts';
import {
  absoluteHttps,
  anonymous,
  baseUrl,
  controlHeaders,
  ipLiteral,
  metadataProxy,
  privateAddress,
  relay,
} from './through_proxy.ts';
import { transparent } from './transparent.ts';
import { type Prober, untested, type World } from './world.ts';

/** `proxy-variables` comes last: it depends on what the direct tries found. */
const PROBERS: Readonly<Record<Exclude<ProbeId, 'proxy-variables'>, Prober>> = {
  'direct-tcp-443': directTcp443,
  'direct-tcp-other': directTcpOther,
  'direct-udp-443': directUdp443,
  'direct-ipv6': directIpv6,
  'dns-udp': dnsUdp,
  'dns-tcp': dnsTcp,
  'dns-tunnel': dnsTunnel,
  'metadata-direct': metadataDirect,
  transparent,
  anonymous,
  'ip-literal': ipLiteral,
  'private-address': privateAddress,
  'metadata-proxy': metadataProxy,
  relay,
  'tunnel-raw': tunnelRaw,
  'sni-mismatch': sniMismatch,
  'domain-fronting': domainFronting,
  'base-url': baseUrl,
  'absolute-https': absoluteHttps,
  upgrade,
  'control-headers': controlHeaders,
  'gateway-sockets': gatewaySockets,
  'state-files': stateFiles,
  'same-uid': sameUid,
  privileges,
};

/** All at once; each is bounded by its own time. A probe that breaks is a finding, not the end. */
export async function runProbes(world: World): Promise<readonly ProbeFinding[]> {
  const found = new Map<ProbeId, readonly Attempt[]>();
  await Promise.all(
    Object.entries(PROBERS).map(async ([id, probe]) => {
      const attempts = await probe(world).catch(() => untested(id, 'the probe itself broke'));
      found.set(id as ProbeId, attempts);
    }),
  );
  const [direct, redirected] = [found.get('direct-tcp-443') ?? [], found.get('transparent') ?? []];
  found.set('proxy-variables', [proxyVariables(world, direct, redirected)]);
  return PROBES.map(({ id }) => findingOf(id, found.get(id) ?? []));
}
