import type { Sabotage } from './sabotage.ts';

const WEBSOCKET = 'test/unit/relay/websocket.test.ts';

/** Promises of the relay that carries WebSockets and gRPC calls with caps. */
export const RELAY: readonly Sabotage[] = [
  {
    name: 'relay-without-cap',
    breaks: 'not a byte more goes on than a rule grants',
    file: 'src/relay/meter.ts',
    find: 'Math.min(bytes, this.#max - sent - received)',
    replace: 'Math.min(bytes, this.#max)',
    test: { file: WEBSOCKET, name: 'under a cap of 9' },
  },
  {
    name: 'relay-drops-tail',
    breaks: 'what a destination sends with its answer and closes reaches the client',
    file: 'src/relay/websocket_flow.ts',
    find: '    if (head.length > 0) from.unshift(head);\n',
    replace: '',
    test: { file: WEBSOCKET, name: 'loses nothing of the tail, 40 times, frames not' },
  },
  {
    name: 'relay-reports-late',
    breaks: 'the end of a stream is reported before either side sees it',
    file: 'src/relay/websocket_flow.ts',
    find: "    await this.#session.end('done');\n    this.#other(direction).end();\n",
    replace: "    this.#other(direction).end();\n    await this.#session.end('done');\n",
    test: { file: WEBSOCKET, name: 'the end is reported before' },
  },
  {
    name: 'frames-without-mask',
    breaks: 'a frame of a client without a mask does not reach the destination',
    file: 'src/core/frames/frame_head.ts',
    find: "  if (sender === 'client' && !isMasked) return violation('NOT_MASKED');\n",
    replace: '',
    test: { file: WEBSOCKET, name: 'a frame without a mask' },
  },
  {
    name: 'frames-not-held',
    breaks: 'nothing of a frame that turns out bad goes on',
    file: 'src/core/frames/frame_gate.ts',
    find: "      if (mark.kind === 'head' && mark.judged) continue;\n",
    replace: '',
    test: { file: 'test/unit/core/frames/frame_reader.test.ts', name: 'nothing of a bad frame of a client' },
  },
  {
    name: 'relay-ticket-again',
    breaks: 'a ticket opens one stream',
    file: 'src/relay/single_use.ts',
    find: 'if (this.#used.has(receipt_id) || this.#used.size',
    replace: 'if (this.#used.size',
    test: { file: 'test/unit/relay/relay.test.ts', name: 'a ticket opens one stream' },
  },
  {
    name: 'relay-without-ticket',
    breaks: 'without a ticket nothing leaves by the relay',
    file: 'src/relay/doorkeeper.ts',
    find: '    if (ticket === undefined) return this.#refuse(NO_TICKET);\n    if (this.#isClosed',
    replace: '    ticket ??= "good";\n    if (this.#isClosed',
    test: { file: WEBSOCKET, name: 'without a good ticket' },
  },
  {
    name: 'relay-grpc-cut-in-silence',
    breaks: 'a gRPC call that is cut says why',
    file: 'src/relay/grpc_call.ts',
    find: "  stream_bytes: ['8',",
    replace: "  stream_bytes: ['0',",
    test: {
      file: 'test/unit/relay/grpc.test.ts',
      name: 'beyond its bytes ends with RESOURCE_EXHAUSTED, and',
    },
  },
  {
    name: 'relay-death-is-success',
    breaks: 'an outcome says when nobody knows how a relayed stream ended',
    file: 'src/core/receipt/outcome_state.ts',
    find: "  if (end.isLost === true) return 'unknown';\n",
    replace: '',
    test: { file: 'test/unit/core/receipt/relayed_end.test.ts', name: 'without a report nobody knows' },
  },
];
