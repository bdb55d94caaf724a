import type { RelayEnd, RelayEndCause } from '../relay/relay_end.ts';
import type { OutcomeCause } from './outcome_cause.ts';
import { type StreamEnd, upstreamBroke } from './outcome_state.ts';

/** What is known of one relayed stream: its two entries in Envoy's log and the relay's own report, each perhaps lost. */
export interface RelayedParts {
  /** Between client and relay. */
  readonly outer?: StreamEnd;
  /** Between relay and destination: the truth about the upstream. */
  readonly hop?: StreamEnd;
  readonly report?: RelayEnd;
}

/** One end for a relayed stream. Without any part there is none. */
export function relayedEnd({ outer, hop, report }: RelayedParts): StreamEnd | undefined {
  const seen = outer ?? hop;
  if (seen === undefined) return undefined;
  const { upstream: _relay, upstream_ms: _toRelay, ...rest } = seen;
  const told = hop !== undefined && isDestinationsFault(hop) ? hop : seen;
  return {
    ...rest,
    flags: told.flags,
    details: told.details,
    ...attempted(outer, hop),
    ...(hop?.upstream === undefined ? {} : { upstream: hop.upstream }),
    ...(hop?.upstream_ms === undefined ? {} : { upstream_ms: hop.upstream_ms }),
    ...reported(report, hop),
  };
}

/** The relay was reached; whether the destination was, the second entry tells. When that is lost, nobody knows. */
function attempted(outer: StreamEnd | undefined, hop: StreamEnd | undefined): Partial<StreamEnd> {
  if (hop !== undefined) return { attempts: hop.attempts };
  if (outer === undefined || outer.attempts === 0 || isRefusedByRelay(outer)) return { attempts: 0 };
  return { isLost: true };
}

/**
 * The relay asks nothing of the destination then. Had the destination itself refused, its entry would stand before this one,
 * which ends later.
 */
function isRefusedByRelay({ code, details }: StreamEnd): boolean {
  return RELAY_REFUSES.includes(code) && details === 'via_upstream';
}

/** Statuses by which a relay refuses. */
export const RELAY_REFUSES: readonly number[] = [403, 503];

function reported(report: RelayEnd | undefined, hop: StreamEnd | undefined): Partial<StreamEnd> {
  // A stream that got as far as the destination and whose relay said nothing: the relay died with it.
  if (report === undefined) return hop === undefined ? {} : { cause: 'relay_stopped', isLost: true };
  const { bytes_in, bytes_out, frames } = report;
  const cause = CAUSE[report.cause];
  return {
    ...{ bytes_in, bytes_out },
    ...(cause === undefined ? {} : { cause }),
    ...(frames === undefined ? {} : { frames }),
  };
}

const CAUSE: Readonly<Record<RelayEndCause, OutcomeCause | undefined>> = {
  done: undefined,
  stream_bytes: 'stream_bytes',
  stream_time: 'stream_time',
  frame_blocked: 'frame_blocked',
  stopped: 'relay_stopped',
};

/** Otherwise the second entry only tells that the relay followed, or broke off what it had to. */
function isDestinationsFault(hop: StreamEnd): boolean {
  return hop.attempts === 0 || upstreamBroke(hop);
}
