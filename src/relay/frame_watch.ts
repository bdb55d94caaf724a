import { randomBytes } from 'node:crypto';
import { closeFrame } from '../core/frames/close_frame.ts';
import { FrameGate } from '../core/frames/frame_gate.ts';
import { FrameReader } from '../core/frames/frame_reader.ts';
import type { Sender, Violation } from '../core/frames/violation.ts';
import type { FramesSeen } from '../core/relay/relay_end.ts';
import type { RelayTicket } from '../core/relay/relay_ticket.ts';
import type { Direction } from './meter.ts';

/** What of a piece of one direction may go on. */
export interface Passed {
  readonly pieces: readonly Uint8Array[];
  /** The session is to end because of it. */
  readonly violation?: Violation;
}

/** Looks at the frames of both directions of one WebSocket, or at nothing. */
export interface FrameWatch {
  pass(direction: Direction, chunk: Uint8Array): Passed;
  /** A close frame that may be put into this direction; undefined in the middle of a frame or behind a close. */
  closing(direction: Direction, code: number): Uint8Array | undefined;
  readonly seen?: () => FramesSeen;
  /** Bytes of frames that wait to be judged. */
  readonly held?: () => number;
}

const SENDER: Readonly<Record<Direction, Sender>> = { in: 'client', out: 'server' };

export function frameWatch({ frames, max_message_bytes }: RelayTicket): FrameWatch {
  if (frames === undefined) return { pass: (_, chunk) => ({ pieces: [chunk] }), closing: () => undefined };
  const bound = max_message_bytes === undefined ? {} : { maxMessageBytes: max_message_bytes };
  return frames === 'block' ? blocking(bound) : observing(bound);
}

interface Bound {
  readonly maxMessageBytes?: number;
}

function observing(bound: Bound): FrameWatch {
  const of = (sender: Sender) => new FrameReader({ sender, ...bound, goesOn: true });
  const readers = { in: of(SENDER.in), out: of(SENDER.out) };
  return {
    pass(direction, chunk) {
      readers[direction].feed(chunk);
      return { pieces: [chunk] };
    },
    closing: () => undefined,
    seen: () => framesSeen(readers),
  };
}

function blocking(bound: Bound): FrameWatch {
  const gates = {
    in: new FrameGate({ sender: SENDER.in, ...bound }),
    out: new FrameGate({ sender: SENDER.out, ...bound }),
  };
  return {
    pass(direction, chunk) {
      const { forward, violation } = gates[direction].feed(chunk);
      return violation === undefined ? { pieces: forward } : { pieces: forward, violation };
    },
    closing: (direction, code) =>
      gates[direction].mayClose ? closeFrame(code, SENDER[direction], randomBytes(4)) : undefined,
    seen: () => framesSeen({ in: gates.in.reader, out: gates.out.reader }),
    held: () => gates.in.heldBytes + gates.out.heldBytes,
  };
}

function framesSeen(readers: Readonly<Record<Direction, FrameReader>>): FramesSeen {
  const [sent, received] = [readers.in.counts, readers.out.counts];
  return {
    in: sent.frames,
    out: received.frames,
    messages_in: sent.messages,
    messages_out: received.messages,
    largest: Math.max(sent.largest, received.largest),
    violations: sent.violations + received.violations,
  };
}
