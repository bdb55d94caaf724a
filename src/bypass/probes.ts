/** Everything that `doctor --bypass` tries. The table in docs/bypass.md is compared with this list by a test. */
export interface Probe {
  /** Lower case with hyphens; part of the token that a probe sends, so it must fit a DNS label with the nonce. */
  readonly id: string;
  /** What an agent would do. */
  readonly tries: string;
  /** What makes it `held`. */
  readonly held: string;
  /** What to do when it leaked. */
  readonly fix: string;
}

const NFT = 'let nothing of the agent out but the gateway: `clawgress intercept nftables apply`';
const RESOLVER =
  'let no DNS out: the gateway looks names up, and its own resolver (`resolver.port`) forwards nothing';
const OWN_USER = 'run the gateway as a user of its own; state folder 0700, sockets 0600';
const NARROW = 'narrow the allow rule that matched (`clawgress receipts why --last`)';

export const PROBES = [
  {
    id: 'direct-tcp-443',
    tries: 'TCP to an outside address on port 443, past the gateway',
    held: 'refused here, or lost while the control run got through',
    fix: NFT,
  },
  {
    id: 'direct-tcp-other',
    tries: 'TCP to other outside ports (22, 80, 8443)',
    held: 'as above',
    fix: NFT,
  },
  { id: 'direct-udp-443', tries: 'UDP to port 443 (QUIC)', held: 'as above', fix: NFT },
  { id: 'direct-ipv6', tries: 'TCP and UDP to an outside IPv6 address', held: 'as above', fix: NFT },
  { id: 'dns-udp', tries: 'a query to a foreign resolver over UDP', held: 'as above', fix: RESOLVER },
  { id: 'dns-tcp', tries: 'a query to a foreign resolver over TCP', held: 'as above', fix: RESOLVER },
  {
    id: 'dns-tunnel',
    tries: 'data in the labels of a name, asked of the local resolver',
    held: 'the resolver refuses, or is out of reach',
    fix: RESOLVER,
  },
  {
    id: 'metadata-direct',
    tries: 'the cloud metadata addresses, directly',
    held: 'as for direct TCP',
    fix: NFT,
  },
  {
    id: 'transparent',
    tries: 'a request and TLS without a proxy, also to what policy allows',
    held: 'refused as above; or redirected: the answer bears the mark or the receipt of the gateway',
    fix: 'close or redirect all TCP of the agent: `clawgress intercept nftables apply`, or `clawgress run --intercept`',
  },
  {
    id: 'proxy-variables',
    tries: 'a client that obeys the proxy variables',
    held: 'they are set and NO_PROXY names loopback only, or nothing gets out directly; where requests are redirected, a control run has to show it',
    fix: 'start the agent with `clawgress run`; keep NO_PROXY empty',
  },
  {
    id: 'anonymous',
    tries: 'the proxy without credentials',
    held: 'the gateway refuses',
    fix: 'upgrade; no configuration allows this',
  },
  {
    id: 'ip-literal',
    tries: 'the outside address as a literal, through the proxy (request and CONNECT)',
    held: 'the gateway refuses',
    fix: NARROW,
  },
  {
    id: 'private-address',
    tries: 'loopback and private addresses in every spelling, through the proxy',
    held: 'the gateway refuses',
    fix: `${NARROW}; take the range out of upstream.allow_cidrs`,
  },
  {
    id: 'metadata-proxy',
    tries: 'the cloud metadata addresses, through the proxy',
    held: 'the gateway refuses',
    fix: `${NARROW}; take the range out of upstream.allow_cidrs`,
  },
  {
    id: 'relay',
    tries: "CONNECT to the gateway's own ports and to ports where proxies listen; a proxy inside a proxy",
    held: 'the gateway refuses',
    fix: NARROW,
  },
  {
    id: 'tunnel-raw',
    tries: 'bytes that are no TLS in an allowed tunnel',
    held: 'the tunnel is closed with nothing sent on',
    fix: 'let no `kind: tcp` rule match this agent',
  },
  {
    id: 'sni-mismatch',
    tries: 'a TLS hello with another name, or none, in an allowed tunnel',
    held: 'the tunnel is closed with nothing sent on',
    fix: 'let no `kind: tcp` rule match this agent; upgrade',
  },
  {
    id: 'domain-fronting',
    tries: 'a foreign Host inside the TLS of an allowed tunnel',
    held: 'the gateway refuses the inner request',
    fix: 'set `tls: intercept` on the rule: in an opaque tunnel only the destination sees the Host',
  },
  {
    id: 'base-url',
    tries: 'the base URL listener with a foreign Host and port, twice a Host, and `/_to/`',
    held: 'the gateway refuses',
    fix: NARROW,
  },
  {
    id: 'absolute-https',
    tries: '`GET https://…` in absolute form on the plaintext port',
    held: 'the gateway refuses or hangs up',
    fix: NARROW,
  },
  {
    id: 'upgrade',
    tries: 'Upgrade to CONNECT, h2c, TLS and connect-udp on an allowed request; a second request behind it',
    held: 'no 101, and nothing arrives',
    fix: NARROW,
  },
  {
    id: 'control-headers',
    tries: 'headers that steer Envoy or speak for the gateway (x-envoy-*, x-cg-*, x-clawgress-*)',
    held: 'they change nothing and never arrive',
    fix: 'upgrade; do not edit the generated Envoy configuration',
  },
  {
    id: 'gateway-sockets',
    tries: "to connect to the gateway's Unix sockets",
    held: 'permission denied, or not visible here',
    fix: OWN_USER,
  },
  {
    id: 'state-files',
    tries: 'to read keys, journal and CA key, and to write policy and registry',
    held: 'permission denied, or not visible here',
    fix: OWN_USER,
  },
  {
    id: 'same-uid',
    tries: 'to be the user of the gateway (SAME_UID)',
    held: 'the owner of the state folder or of the proxy port is another user',
    fix: OWN_USER,
  },
  {
    id: 'privileges',
    tries: 'capabilities that take guards down (root, CAP_NET_ADMIN and the like)',
    held: 'none of them is effective',
    fix: 'run the agent as an ordinary user without capabilities',
  },
] as const satisfies readonly Probe[];

export type ProbeId = (typeof PROBES)[number]['id'];

/** A request that may well be allowed carries this instead of a probe id; its arrival is no leak. */
export const PERMITTED = 'permitted';

export function probeOf(id: ProbeId): Probe {
  const found = PROBES.find((probe) => probe.id === id);
  if (found === undefined) throw new Error(`invariant: no probe ${id}`);
  return found;
}

export function isProbeId(id: string): id is ProbeId {
  return PROBES.some((probe) => probe.id === id);
}
