/** Who sent the frames that are read. */
export type Sender = 'client' | 'server';

/** A frame that RFC 6455 does not allow, or that is beyond the bound. */
export interface Violation {
  /** Close code that tells it: protocol error, text that is no UTF-8, message too big. */
  readonly code: 1002 | 1007 | 1009;
  readonly why:
    | 'RESERVED_BIT'
    | 'RESERVED_OPCODE'
    | 'CONTROL_FRAGMENTED'
    | 'CONTROL_TOO_LONG'
    | 'NOT_MASKED'
    | 'MASKED'
    | 'LENGTH_NOT_MINIMAL'
    | 'LENGTH_INVALID'
    | 'CONTINUATION_OF_NOTHING'
    | 'MESSAGE_NOT_CONTINUED'
    | 'DATA_AFTER_CLOSE'
    | 'CLOSE_PAYLOAD'
    | 'CLOSE_CODE'
    | 'NOT_UTF8'
    | 'MESSAGE_TOO_BIG';
}
