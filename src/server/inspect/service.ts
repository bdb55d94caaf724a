import { type ServerDuplexStream, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { CUT_WORD } from '../../core/receipt/read_end.ts';
import { bytesMethod } from '../bytes_method.ts';
import { callerOf } from '../caller.ts';
import { decodeProcMessage } from '../codec/ext_proc_message.ts';
import { InFlight } from '../drain.ts';
import { asBuffer } from '../services.ts';
import type { InspectDependencies } from './dependencies.ts';
import { Exchange } from './exchange.ts';

/** Requests on the inspecting route at one time, their answers included. */
const STREAMS_MAX = 10_000;

/** Between the last bytes of an answer that is cut and the cut. */
const CUT_MS = 50;

const INSPECTION = {
  process: bytesMethod('/envoy.service.ext_proc.v3.ExternalProcessor/Process', 'both_stream'),
};

type Stream = ServerDuplexStream<Buffer, Buffer>;

/** `server.addService(it.definition, it.handlers)`. */
export interface InspectService {
  readonly definition: typeof INSPECTION;
  readonly handlers: UntypedServiceImplementation;
  /** Open ones, and those whose last record is under way. */
  readonly inFlight: InFlight;
}

/** What Envoy asks about each request whose body decides: one stream for each. */
export function inspectService(deps: InspectDependencies): InspectService {
  const inFlight = new InFlight();
  const serve = (stream: Stream): void => {
    const caller = callerOf(stream.metadata);
    if (caller === undefined || inFlight.count >= STREAMS_MAX) {
      deps.log.error({ open: inFlight.count }, 'an inspection was refused');
      end(stream, 'inspection refused');
      return;
    }
    inFlight.begin();
    converse(deps, caller, stream, () => inFlight.end());
  };
  return { definition: INSPECTION, handlers: { process: serve }, inFlight };
}

/** One message after the other; the next is taken off the stream when the last one is answered. */
function converse(
  deps: InspectDependencies,
  caller: ConstructorParameters<typeof Exchange>[1],
  stream: Stream,
  done: () => void,
): void {
  let isOver = false;
  let turn: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): void => {
    turn = turn.then(work);
  };
  const exchange = new Exchange(deps, caller, {
    reply: (bytes) => {
      if (!isOver) stream.write(asBuffer(bytes));
    },
    fail: () => {
      isOver = true;
      end(stream, 'inspection failed');
    },
    cut: () => {
      isOver = true;
      setTimeout(() => end(stream, CUT_WORD), CUT_MS);
    },
    slow: () => inTurn(() => exchange.slow()),
  });
  const gone = (): void => {
    if (isEnded) return;
    isEnded = true;
    isOver = true;
    inTurn(() => exchange.gone().finally(done));
  };
  let isEnded = false;
  stream.on('data', (bytes: Buffer) => {
    stream.pause();
    inTurn(async () => {
      const message = decodeProcMessage(bytes);
      if (message.ok) await exchange.hear(message.value);
      else {
        deps.log.error({ problem: message.problem }, 'Envoy said what nobody here understands');
        isOver = true;
        end(stream, 'inspection failed');
        await exchange.gone();
      }
      stream.resume();
    });
  });
  // Half-closed or cancelled: Envoy ends normal requests in either way.
  stream.once('end', () => {
    gone();
    stream.end();
  });
  for (const event of ['cancelled', 'error', 'close']) stream.on(event, gone);
}

/** Nothing more goes through. `details` stand in Envoy's log. */
function end(stream: Stream, details: string): void {
  stream.emit('error', { code: status.UNAVAILABLE, details });
}
