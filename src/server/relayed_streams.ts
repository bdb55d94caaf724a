import type { StreamEnd } from '../core/receipt/outcome_state.ts';
import { type RelayedParts, relayedEnd } from '../core/receipt/relayed_end.ts';
import type { RelayEnd } from '../core/relay/relay_end.ts';
import type { LogFile } from './access_log_files.ts';
import type { WholeTunnel } from './opaque_tunnels.ts';

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
  /** Monotonic, milliseconds. */
  readonly seen_ms: number;
}

/** Joins the three lines of each relayed stream of one run of Envoy, in whatever order they come. */
export class RelayedStreams {
  readonly #waiting = new Map<string, Waiting>();

  /** What can be closed by now: the stream of this line, or the oldest when too many wait. */
  take({ relay, ...line }: PartLine): WholeTunnel | undefined {
    const before = this.#waiting.get(line.receipt_id);
    const parts = { ...before?.parts, ...partOf(relay, line.end) };
    const request_id =
      relay.part === 'outer' ? line.request_id : (before?.line.request_id ?? line.request_id);
    const waiting = { parts, line: { ...line, request_id }, seen_ms: before?.seen_ms ?? performance.now() };
    this.#waiting.set(line.receipt_id, waiting);
    const isWhole = parts.outer && parts.hop && parts.report;
    // No relay was there to be reached: nothing else will come.
    const isUnreached = parts.outer?.flags.split(',').includes('UF') === true;
    if (isWhole || isUnreached) return this.#joined(waiting);
    const [oldest] = this.#waiting.size > STREAMS_MAX ? this.#waiting.values() : [];
    return oldest === undefined ? undefined : this.#joined(oldest);
  }

  /** Streams whose first line was seen at least `holdMs` ago: a line is lost, or was never written. */
  release(holdMs: number): readonly WholeTunnel[] {
    const before = performance.now() - holdMs;
    const due = [...this.#waiting.values()].filter(({ seen_ms }) => seen_ms <= before);
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

function partOf(relay: RelayPart, end: StreamEnd): RelayedParts {
  if (relay.part === 'report') return { report: relay.report };
  return relay.part === 'outer' ? { outer: end } : { hop: end };
}
