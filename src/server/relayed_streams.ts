import type { StreamEnd } from '../core/receipt/outcome_state.ts';
import { RELAY_REFUSES, type RelayedParts, relayedEnd } from '../core/receipt/relayed_end.ts';
import type { RelayEnd } from '../core/relay/relay_end.ts';
import type { LogFile } from './access_log_files.ts';
import type { WholeTunnel } from './joined_tunnels.ts';

/** Which line about a relayed stream this is. */
export type RelayPart =
  /** The client's request, which went to a relay. */
  | { readonly part: 'outer' }
  /** What the relay asked of the destination. */
  | { readonly part: 'hop' }
  /** What the relay says of the end. */
  | { readonly part: 'report'; readonly report: RelayEnd };

/** One of the lines, with what the receipt will be closed with. */
export type PartLine = WholeTunnel & { readonly relay: RelayPart };

/** Streams that wait for another line; beyond, the oldest is closed with what there is. */
const STREAMS_MAX = 8_192;

interface Waiting {
  parts: RelayedParts;
  /** The line that came last, with the id of the client's request if that has come. */
  line: WholeTunnel;
  /** When its first line was seen. Monotonic, milliseconds, like the next. */
  readonly seen_ms: number;
  /** Since when nothing holds back a report that is still to come. */
  readonly over_ms: number | undefined;
}

/** Longer than any stream lives: whatever has not come by then is lost. */
const LONE_HOLD_MS = 3_700_000;

/** Joins the three lines of each relayed stream of one run of Envoy, in whatever order they come. */
export class RelayedStreams {
  readonly #waiting = new Map<string, Waiting>();

  /** What can be closed by now: the stream of this line, or the oldest when too many wait. */
  take({ relay, ...line }: PartLine): WholeTunnel | undefined {
    const before = this.#waiting.get(line.receipt_id);
    const parts = { ...before?.parts, ...partOf(relay, line.end) };
    const request_id =
      relay.part === 'outer' ? line.request_id : (before?.line.request_id ?? line.request_id);
    const now = performance.now();
    const waiting: Waiting = {
      parts,
      line: { ...line, request_id },
      seen_ms: before?.seen_ms ?? now,
      over_ms: before?.over_ms ?? (isOver(parts) ? now : undefined),
    };
    this.#waiting.set(line.receipt_id, waiting);
    const isWhole = parts.outer && parts.hop && parts.report;
    // No relay was there to be reached: nothing else will come.
    const isUnreached = parts.outer?.flags.split(',').includes('UF') === true;
    if (isWhole || isUnreached) return this.#joined(waiting);
    const [oldest] = this.#waiting.size > STREAMS_MAX ? this.#waiting.values() : [];
    return oldest === undefined ? undefined : this.#joined(oldest);
  }

  /**
   * Streams that were over at least `holdMs` ago: a line is lost, or was never written. With 0 all of them. One whose
   * other side is slow to take the last bytes has a single line for as long as that takes.
   */
  release(holdMs: number): readonly WholeTunnel[] {
    const now = performance.now();
    const isDue = ({ seen_ms, over_ms }: Waiting): boolean =>
      holdMs === 0 || (over_ms === undefined ? seen_ms <= now - LONE_HOLD_MS : over_ms <= now - holdMs);
    const due = [...this.#waiting.values()].filter(isDue);
    return due.map((waiting) => this.#joined(waiting)).filter((stream) => stream !== undefined);
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  hasPending(file: LogFile): boolean {
    return [...this.#waiting.values()].some(({ line }) => line.file.id === file.id);
  }

  /** Undefined for a report alone: what it tells of is closed, or will be swept. */
  #joined({ parts, line }: Waiting): WholeTunnel | undefined {
    this.#waiting.delete(line.receipt_id);
    const end = relayedEnd(parts);
    return end === undefined ? undefined : { ...line, end };
  }
}

/** Both its streams are, or the relay did not let it in. */
function isOver({ outer, hop }: RelayedParts): boolean {
  return outer !== undefined && (hop !== undefined || RELAY_REFUSES.includes(outer.code));
}

function partOf(relay: RelayPart, end: StreamEnd): RelayedParts {
  if (relay.part === 'report') return { report: relay.report };
  return relay.part === 'outer' ? { outer: end } : { hop: end };
}
