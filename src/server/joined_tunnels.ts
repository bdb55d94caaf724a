import { openedEnd } from '../core/receipt/handshake_end.ts';
import { joinedEnd, type StreamEnd } from '../core/receipt/outcome_state.ts';
import type { LogFile } from './access_log_files.ts';
import type { Closure } from './ports.ts';

/** Which end of a tunnel a line tells of: the CONNECT, or the connection inside Envoy that it led to. */
export type TunnelHalf = 'outer' | 'inner';

/** One half of a tunnel, with what its receipt will be closed with. */
export interface HalfLine {
  readonly half: TunnelHalf;
  readonly receipt_id: string;
  readonly request_id: string;
  readonly end: StreamEnd;
  readonly kind: Closure['source']['kind'];
  readonly file: LogFile;
  /** Behind the line. */
  readonly offset: number;
}

/** A tunnel whose receipt can be closed. */
export type WholeTunnel = Omit<HalfLine, 'half'>;

/** Halves that wait for the other one; beyond, the oldest goes alone. */
const HALVES_MAX = 8_192;

interface Waiting {
  readonly line: HalfLine;
  /** Monotonic, milliseconds. */
  readonly seen_ms: number;
}

/**
 * Joins the two lines of each opaque or intercepted tunnel of one run of Envoy, whichever comes first: the CONNECT's
 * knows how it ended for the client, the one inside whether anything was dialled or TLS agreed on, and why not.
 */
export class JoinedTunnels {
  readonly #waiting = new Map<string, Waiting>();

  /** What can be closed by now: the tunnel of this line, or the oldest half when there are too many. */
  take(line: HalfLine): WholeTunnel | undefined {
    const other = this.#waiting.get(line.receipt_id)?.line;
    if (other !== undefined && other.half !== line.half) {
      this.#waiting.delete(line.receipt_id);
      return joined(line, other);
    }
    this.#waiting.set(line.receipt_id, { line, seen_ms: performance.now() });
    const [oldest] = this.#waiting.size > HALVES_MAX ? this.#waiting.values() : [];
    return oldest === undefined ? undefined : this.#alone(oldest.line);
  }

  /** Halves that were seen at least `holdMs` ago: the other line is lost, or was never written. */
  release(holdMs: number): readonly WholeTunnel[] {
    const before = performance.now() - holdMs;
    const due = [...this.#waiting.values()].filter(({ seen_ms }) => seen_ms <= before);
    return due.map(({ line }) => this.#alone(line));
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  hasPending(file: LogFile): boolean {
    return [...this.#waiting.values()].some(({ line }) => line.file.id === file.id);
  }

  #alone(line: HalfLine): WholeTunnel {
    this.#waiting.delete(line.receipt_id);
    return line.half === 'outer' ? line : { ...line, end: wholeEnd(undefined, line.end) };
  }
}

function joined(line: HalfLine, other: HalfLine): WholeTunnel {
  const [outer, inner] = line.half === 'outer' ? [line, other] : [other, line];
  // The place of the later line: up to there nothing of this tunnel needs reading again.
  return { ...line, request_id: outer.request_id, end: wholeEnd(outer.end, inner.end) };
}

function wholeEnd(outer: StreamEnd | undefined, inner: StreamEnd): StreamEnd {
  return inner.handshake === undefined ? joinedEnd(outer, inner) : openedEnd(outer, inner);
}
