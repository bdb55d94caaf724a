import { fail, ok, type Result } from '../result.ts';

/** Why a relayed stream is over. `done`: one of its ends ended it; `stopped`: the relay was told to stop. */
export const RELAY_END_CAUSES = ['done', 'stream_bytes', 'stream_time', 'frame_blocked', 'stopped'] as const;
export type RelayEndCause = (typeof RELAY_END_CAUSES)[number];

/** What a relay saw of WebSocket frames. `in`: of the client. */
export interface FramesSeen {
  readonly in: number;
  readonly out: number;
  readonly messages_in: number;
  readonly messages_out: number;
  /** Payload bytes of the largest message that was begun. */
  readonly largest: number;
  readonly violations: number;
}

/** What a relay reports of one stream, by way of Envoy's access log. */
export interface RelayEnd {
  readonly cause: RelayEndCause;
  /** Payload bytes that went on, of the client and of the destination. */
  readonly bytes_in: number;
  readonly bytes_out: number;
  /** With frames inspected. */
  readonly frames?: FramesSeen;
}

const COUNT = '(\\d{1,16})';
const END = new RegExp(
  `^cause=(${RELAY_END_CAUSES.join('|')});in=${COUNT};out=${COUNT}` +
    `(?:;frames_in=${COUNT};frames_out=${COUNT};messages_in=${COUNT};messages_out=${COUNT};largest=${COUNT};violations=${COUNT})?$`,
);

/** One header value. */
export function formatRelayEnd({ cause, bytes_in, bytes_out, frames }: RelayEnd): string {
  const seen =
    frames === undefined
      ? ''
      : `;frames_in=${frames.in};frames_out=${frames.out};messages_in=${frames.messages_in}` +
        `;messages_out=${frames.messages_out};largest=${frames.largest};violations=${frames.violations}`;
  return `cause=${cause};in=${bytes_in};out=${bytes_out}${seen}`;
}

/** Reads exactly what `formatRelayEnd` writes. */
export function parseRelayEnd(text: string): Result<RelayEnd, 'RELAY_END_SYNTAX'> {
  const [, causeText, ...digits] = END.exec(text) ?? [];
  const cause = RELAY_END_CAUSES.find((one) => one === causeText);
  const [bytes_in = Number.NaN, bytes_out = Number.NaN, ...seen] = digits
    .filter((one) => one !== undefined)
    .map(Number);
  if (cause === undefined || ![bytes_in, bytes_out, ...seen].every(Number.isSafeInteger))
    return fail('RELAY_END_SYNTAX');
  const [framesIn, out = 0, messages_in = 0, messages_out = 0, largest = 0, violations = 0] = seen;
  const frames =
    framesIn === undefined
      ? {}
      : { frames: { in: framesIn, out, messages_in, messages_out, largest, violations } };
  const end = { cause, bytes_in, bytes_out, ...frames };
  // No other spelling of a number: what is recorded is what was reported.
  return formatRelayEnd(end) === text ? ok(end) : fail('RELAY_END_SYNTAX');
}
