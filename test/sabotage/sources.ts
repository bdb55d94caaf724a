import type { Sabotage } from './sabotage.ts';

const LISTENER = 'test/unit/server/transparent.test.ts';
const SOURCE = 'test/unit/authn/source.test.ts';

/** Promises about agents that are known by where they connect from. */
export const SOURCES: readonly Sabotage[] = [
  {
    name: 'source-of-a-header-listener',
    breaks: 'where a listener knows nobody, no address names an agent',
    file: 'src/server/codec/listener_facts.ts',
    find: "if (said === 'none') return said;",
    replace: "if (said === 'none') return { kind: 'address', address };",
    test: { file: LISTENER, name: 'on a header listener nobody is known' },
  },
  {
    name: 'facts-of-a-client',
    breaks: 'what a client writes into headers of ours says nothing about its connection',
    file: 'src/server/codec/listener_facts.ts',
    find: "const isInner = extensions['inner'] === 'true';",
    replace: "const isInner = input.headers.some(({ name }) => name === 'x-cg-carries');",
    test: { file: LISTENER, name: 'headers of a client say nothing' },
  },
  {
    name: 'source-everywhere',
    breaks: 'a source counts in transparent mode alone',
    file: 'src/authn/authenticate.ts',
    find: "input.mode === 'transparent' ? bySource(input, verifiers.registry) : undefined",
    replace: 'bySource(input, verifiers.registry)',
    test: { file: SOURCE, name: 'a source counts in transparent mode alone' },
  },
  {
    name: 'key-against-source',
    breaks: 'a key and a source that name two agents have no owner',
    file: 'src/authn/authenticate.ts',
    find: 'if (claimed?.agent_id === agent.agent_id) return carried;',
    replace: 'if (claimed !== undefined) return carried;',
    test: { file: SOURCE, name: 'a key beside the source' },
  },
  {
    name: 'widest-network',
    breaks: 'of overlapping networks the longest around an address names the agent',
    file: 'src/authn/source_index.ts',
    find: 'sort(([a], [b]) => b - a)',
    replace: 'sort(([a], [b]) => a - b)',
    test: { file: SOURCE, name: 'the longest around the address wins' },
  },
  {
    name: 'removed-source',
    breaks: 'a source that was removed opens nothing more, inside of tunnels that stand, too',
    file: 'src/authn/resume.ts',
    find: 'return isBound && isHere ?',
    replace: 'return isHere ?',
    test: { file: 'test/unit/authn/resume.test.ts', name: 'a removed source denies at once' },
  },
  {
    name: 'capped-stream-unrelayed',
    breaks: 'a stream with caps goes through the relay',
    file: 'src/server/stream_way.ts',
    find: "  if (stream === undefined) return protocol === 'websocket'",
    replace: "  if (stream !== null) return protocol === 'websocket'",
    test: { file: 'test/unit/server/streams.test.ts', name: 'sends it through the relay' },
  },
  {
    name: 'old-relay-ticket',
    breaks: 'a relay ticket is over when its time is',
    file: 'src/core/relay/relay_ticket.ts',
    find: "return now_ms < ticket.exp_ms ? ok(ticket) : fail('EXPIRED');",
    replace: "return now_ms < ticket.exp_ms + 1_000 ? ok(ticket) : fail('EXPIRED');",
    test: { file: 'test/unit/core/relay/relay_ticket.test.ts', name: 'good until its time is over' },
  },
  {
    name: 'late-request-of-nobody',
    breaks: 'a request through a tunnel that has ended is refused in the name of its agent',
    file: 'src/server/judging.ts',
    find: '...(known_agent && { known_agent })',
    replace: '',
    test: { file: 'test/unit/server/tunnel.test.ts', name: 'a tunnel whose time is over' },
  },
];
