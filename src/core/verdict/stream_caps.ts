/**
 * What the allow rules ask of a granted WebSocket or gRPC call: the smallest of their caps, the strictest of their
 * frame modes. Serialised in receipts.
 */
export interface StreamCaps {
  /** Both directions together, the handshake left out. */
  readonly max_bytes?: number;
  readonly max_seconds?: number;
  /** Of one WebSocket message, all its fragments together. */
  readonly max_message_bytes?: number;
  /** `observe` counts WebSocket messages; `block` ends the session at one that breaks the protocol or is too large. */
  readonly frames?: 'observe' | 'block';
}
