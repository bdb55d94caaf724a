import { chain, hooked, translating } from './chain.ts';
import { type Guard, guardsHost, redirectsHost } from './guard.ts';
import { ANY_OWNER, ofAgents } from './host_owner.ts';
import { OWN_ZONE, toResolver } from './resolver_rules.ts';
import { transparentPorts } from './transparent.ts';
import { untouched } from './untouched.ts';

/** Everything that only redirection needs; empty without it. */
export function redirectSets({ transparent }: Guard): string[] {
  const ports = transparentPorts(transparent);
  const { uidListeners } = transparent;
  const set = (kind: string, name: string, type: string, elements: readonly (string | number)[]) =>
    elements.length === 0
      ? []
      : [`${kind} ${name} {\n\ttype ${type}\n\telements = { ${elements.join(', ')} }\n}`];
  return [
    ...set('set', 'transparent_ports', 'inet_service', ports),
    ...set(
      'map',
      'listener_of_uid',
      'uid : inet_service',
      uidListeners.map(({ uid, port }) => `${uid} : ${port}`),
    ),
    ...set(
      'set',
      'own_listener',
      'uid . inet_service',
      uidListeners.map(({ uid, port }) => `${uid} . ${port}`),
    ),
  ];
}

/** Leads what agents on this host send to the gateway's listeners and to the resolver, instead of refusing it. */
export function redirectChains(guard: Guard): string[] {
  const { resolver, redirectPort, uidListeners } = guard.transparent;
  if (!guardsHost(guard) || (resolver === undefined && !redirectsHost(guard))) return [];
  const agentsTo = (name: string) => [
    ...(guard.gatewayUid === 0 ? [] : [`meta skuid ${guard.gatewayUid} return`]),
    ...ofAgents(guard).map((agents) => `${agents} goto ${name}`),
  ];
  return [
    ...(resolver === undefined
      ? []
      : [
          hooked('host_questions', 'output', agentsTo('host_asked'), 'raw'),
          chain('host_asked', [
            ...untouched(guard.allowances),
            '# remembered apart, so that nobody else is taken for an agent that asked from the same port',
            OWN_ZONE,
          ]),
        ]),
    translating('host_redirect', 'output', [
      '# The first packet of a connection decides; the filter below judges each one after its new destination.',
      ...agentsTo('host_redirected'),
    ]),
    chain('host_redirected', [
      ...untouched(guard.allowances),
      // Before the rule about this host: the name servers of most systems are stubs on loopback.
      ...(resolver === undefined ? [] : ['# questions to any name server', ...toResolver(resolver)]),
      '# connections to this host itself, and what is left of DNS, are judged as they are',
      'fib daddr type { local, broadcast, anycast, multicast } return',
      'tcp dport { 53, 853 } return',
      ...(uidListeners.length === 0
        ? []
        : [
            '# to the listener of that user',
            'meta l4proto tcp redirect to :meta skuid map @listener_of_uid',
          ]),
      ...(redirectPort === undefined
        ? []
        : ['# to the listener that asks who it is', `meta l4proto tcp redirect to :${redirectPort}`]),
    ]),
  ];
}

/**
 * Whoever arrives at a listener of a user id is believed to be that user, so this is the lock of that door: on this
 * host by the owner of the socket, and for everybody else shut.
 */
export function listenerGuard(guard: Guard): string[] {
  const { redirectPort, uidListeners } = guard.transparent;
  if (transparentPorts(guard.transparent).length === 0) return [];
  const pass = 'counter name "redirected_tcp" accept';
  const known = [
    ...(uidListeners.length === 0 ? [] : [`ct status dnat meta skuid . tcp dport @own_listener ${pass}`]),
    ...(redirectPort === undefined
      ? []
      : ofAgents(guard).map((agents) => `ct status dnat tcp dport ${redirectPort} ${agents} ${pass}`)),
  ];
  const isUsed = guardsHost(guard) && known.length > 0;
  return [
    hooked('transparent_input', 'input', [
      '# nobody from outside, not even where net.ipv4.conf.*.route_localnet lets the network reach loopback',
      'iifname != "lo" fib daddr type local tcp dport @transparent_ports goto denied',
    ]),
    chain('transparent_listeners', [
      ...(isUsed ? ['# each agent, redirected, to its own listener', ...known] : []),
      // Sent by the kernel for a process that has closed its socket: the end of a connection whose beginning passed above.
      ...(isUsed
        ? [
            '# the tail of such a connection, when its process has gone; anything else that has no owner is refused',
            `meta skuid ${ANY_OWNER} goto denied`,
            `ct state established ct status dnat ${pass}`,
          ]
        : []),
      'goto denied',
    ]),
  ];
}
