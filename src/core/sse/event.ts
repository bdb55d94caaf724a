/** One dispatched event of a `text/event-stream` (WHATWG HTML, section 9.2.6). */
export interface SseEvent {
  /** `message` where the stream names none. */
  readonly type: string;
  readonly data: string;
  /** The last id that the stream has set; empty where it has set none. */
  readonly id: string;
  /** Bytes were not UTF-8 and stand as U+FFFD here; other clients may read or refuse them differently. */
  readonly isLossy: boolean;
  /** Place behind the byte, in the piece fed last, with which the event was whole. */
  readonly end: number;
}

/** Why nothing is read any more. */
export type SseViolation = 'EVENT_TOO_BIG';

/** Where a stream stands, for somebody who wants to write into it. */
export type SsePlace =
  /** Between two events. */
  | 'between'
  /** Between two events, behind a CR whose LF may still come. */
  | 'between_after_cr'
  /** In the middle of one. */
  | 'inside';
