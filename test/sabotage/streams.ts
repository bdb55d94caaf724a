import type { Sabotage } from './sabotage.ts';

const STREAMS_TEST = 'test/unit/core/policy/streams.test.ts';
const TRANSPARENT_TEST = 'test/unit/core/request/transparent.test.ts';

/** Promises about WebSockets, gRPC calls, their caps, and connections that the kernel brought. */
export const STREAMS: readonly Sabotage[] = [
  {
    name: 'websocket-by-the-way',
    breaks: 'an allow rule grants a WebSocket only by its own kind',
    file: 'src/core/policy/precedence.ts',
    find: "  if (view.isUpgrade && rule.match.kind !== 'websocket') return 'stopped_by_upgrade';\n",
    replace: '',
    test: { file: STREAMS_TEST, name: 'granted by its own kind alone' },
  },
  {
    name: 'deny-dodged-by-upgrade',
    breaks: 'no header takes a request out of a deny rule about requests',
    file: 'src/core/policy/predicates.ts',
    find: "known(kind === undefined || kind === 'http' || kind === request.protocol);",
    replace: 'known(kind === undefined || kind === request.protocol);',
    test: { file: STREAMS_TEST, name: 'dodges no rule against requests' },
  },
  {
    name: 'streams-in-opaque-tunnels',
    breaks: 'a deny rule about streams closes a tunnel that may carry them',
    file: 'src/core/policy/predicates.ts',
    find: "  if (kind === 'websocket' || kind === 'grpc' || isOfAi(kind)) return 'unknown';\n",
    replace: "  if (kind === 'websocket' || kind === 'grpc' || isOfAi(kind)) return 'no';\n",
    test: { file: STREAMS_TEST, name: 'any tunnel that nobody looks into' },
  },
  {
    name: 'loose-handshake',
    breaks: 'an upgrade that is no strict handshake is refused',
    file: 'src/core/request/protocol.ts',
    find: "    /^websocket$/i.test(only(headers, 'upgrade')) &&\n",
    replace: '',
    test: { file: 'test/unit/core/request/protocol.test.ts', name: 'whatever else asks for an upgrade' },
  },
  {
    name: 'caps-of-one-rule',
    breaks: 'the caps of all matching allow rules hold',
    file: 'src/core/policy/stream_demands.ts',
    find: 'this.#caps = this.#caps === undefined ? caps : tighter(this.#caps, caps);',
    replace: 'this.#caps = caps;',
    test: { file: STREAMS_TEST, name: 'the smallest of each' },
  },
  {
    name: 'caps-slipped-past',
    breaks: 'a spelling that slips past a rule does not take its caps off',
    file: 'src/core/policy/tally.ts',
    find: '      this.streams.add(rule.stream);',
    replace: "      if (stand === 'allows') this.streams.add(rule.stream);",
    test: { file: STREAMS_TEST, name: 'slips past the rule' },
  },
  {
    name: 'caps-unreplayed',
    breaks: 'replay finds a receipt that names other caps',
    file: 'src/core/verdict/replay.ts',
    find: "    differ(\n      'stream',\n      streamText(record.stream),",
    replace:
      "    differ(\n      'stream',\n      streamText(charged === undefined ? verdict.stream : undefined),",
    test: { file: 'test/unit/core/verdict/stream.test.ts', name: 'says other caps' },
  },
  {
    name: 'dialled-port-uncompared',
    breaks: 'a transparent request asks for the port that was dialled',
    file: 'src/core/request/transparent.ts',
    find: 'port !== dialled.value.port || (',
    replace: '(',
    test: { file: TRANSPARENT_TEST, name: 'Host has to name the port' },
  },
  {
    name: 'dialled-address-uncompared',
    breaks: 'a transparent request to an address asks for the one that was dialled',
    file: 'src/core/request/transparent.ts',
    find: '(!isName && asked.host !== dialled.value.host)',
    replace: 'false',
    test: { file: TRANSPARENT_TEST, name: 'Host has to name the port' },
  },
  {
    name: 'own-port-dialled',
    breaks: 'a listener that was dialled directly serves nobody',
    file: 'src/core/request/transparent.ts',
    find: "ports.includes(dialled.port) ? fail('DESTINATION_SELF') : ok(dialled)",
    replace: 'ports.length > 65_535 ? fail("DESTINATION_SELF") : ok(dialled)',
    test: { file: TRANSPARENT_TEST, name: 'was not redirected' },
  },
  {
    name: 'other-bytes-intercepted',
    breaks: 'bytes that are no TLS pass by kind: tcp alone',
    file: 'src/core/policy/opening.ts',
    find: "  return isPlain && opening !== 'raw' ? 'none' : opening;",
    replace: '  return isPlain ? opening : opening;',
    test: { file: STREAMS_TEST, name: 'of other bytes passes by kind: tcp alone' },
  },
  {
    name: 'reach-without-ceilings',
    breaks: 'the resolver answers only for names that every layer allows',
    file: 'src/core/policy/interceptable.ts',
    find: "kindOf(host) === 'name' && known.every(",
    replace: "kindOf(host) === 'name' && known.some(",
    test: { file: STREAMS_TEST, name: 'asks every layer' },
  },
];
