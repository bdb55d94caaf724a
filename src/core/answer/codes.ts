import { NO_ROOM } from '../contract/recorded_problem.ts';

/** What an answer is found to do wrong, beside JSON_CODES; docs/inspection.md explains each. */
export const ANSWER_CODES = [
  /** A content-encoding that hides what is inside. */
  'ANSWER_ENCODED',
  /** The content-type is missing, repeated, or none that the rule can read. */
  'ANSWER_TYPE_MISMATCH',
  /** A charset that is not UTF-8. */
  'ANSWER_CHARSET',
  /** A part of it alone, which honours and hides whatever whoever asked for it chose. */
  'ANSWER_PARTIAL',
  /** More bytes than the rule takes. */
  'ANSWER_TOO_LARGE',
  /** A schema of the rule is not honoured. */
  'ANSWER_SCHEMA',
  /** A member that the rule takes out is there. */
  'ANSWER_FIELD_LISTED',
  /** One event, or one line, is larger than anybody holds. */
  'EVENT_TOO_BIG',
  /** The model calls a tool that it may not. */
  'TOOL_CALL_DENIED',
  /** Which tools the model calls cannot be told for certain. */
  'TOOL_CALL_UNREADABLE',
  /** More had to be held back, until calls are whole, than anybody holds. */
  'HELD_TOO_LARGE',
  NO_ROOM,
] as const;

export type AnswerCode = (typeof ANSWER_CODES)[number];
