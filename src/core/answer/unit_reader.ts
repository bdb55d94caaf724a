import type { SsePlace } from '../sse/event.ts';
import { SseReader } from '../sse/event_reader.ts';
import { JsonLineReader } from '../sse/json_lines.ts';

/** One event, or one line of JSON. */
export interface Unit {
  readonly type?: string;
  readonly data: string;
  readonly isLossy: boolean;
  /** Place behind it, in the piece fed last. */
  readonly end: number;
}

export interface UnitFeed {
  readonly units: readonly Unit[];
  /** So many bytes of the piece end between two units. */
  readonly safe: number;
  readonly violation?: 'EVENT_TOO_BIG';
}

/** A stream of answers cut anywhere, in either framing. */
export interface UnitReader {
  feed(chunk: Uint8Array): UnitFeed;
  /** What the end of the stream makes whole, for clients that keep the standard. */
  end(): readonly Unit[];
  /** What it makes whole for clients that read the last event without its empty line, as well. */
  endAnyhow(): readonly Unit[];
  readonly place: SsePlace;
}

export function unitReader(format: 'sse' | 'json_lines'): UnitReader {
  return format === 'sse' ? sseUnits() : lineUnits();
}

const EMPTY_LINES = Uint8Array.of(0x0a, 0x0a);

function sseUnits(): UnitReader {
  const reader = new SseReader();
  return {
    feed: (chunk) => {
      const { events, ...rest } = reader.feed(chunk);
      return { units: events, ...rest };
    },
    end: () => [],
    endAnyhow: () => reader.feed(EMPTY_LINES).events,
    get place() {
      return reader.place;
    },
  };
}

function lineUnits(): UnitReader {
  const reader = new JsonLineReader();
  let place: SsePlace = 'between';
  const units = (lines: ReturnType<JsonLineReader['end']>): readonly Unit[] =>
    lines.map(({ text, isLossy, end }) => ({ data: text, isLossy, end }));
  return {
    feed: (chunk) => {
      const { lines, safe, violation } = reader.feed(chunk);
      if (chunk.length > 0) place = safe === chunk.length ? 'between' : 'inside';
      return {
        units: units(lines),
        safe,
        ...(violation === undefined ? {} : { violation: 'EVENT_TOO_BIG' }),
      };
    },
    end: () => units(reader.end()),
    endAnyhow: () => units(reader.end()),
    get place() {
      return place;
    },
  };
}
