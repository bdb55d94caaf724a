/** An intercepted tunnel in which nothing was asked: what became of its handshake. */
export type TlsCause =
  | 'tls_missing'
  | 'tls_name_refused'
  | 'tls_client_distrust'
  | 'tls_timeout'
  | 'tls_failed'
  | 'tls_unused';

/** An answer or a streamed body that was read, and that policy ended. */
export type ReadCause = 'answer_blocked' | 'answer_cut' | 'request_cut';

/** Why we broke off what had been opened, or nothing came of it. */
export type OutcomeCause =
  /** An opaque tunnel: its TLS was for another name, or it was no TLS. */
  | 'sni_mismatch'
  | TlsCause
  | ReadCause
  /** A relayed stream: its bytes or its time were used up, a frame broke the rules, or the relay stopped or died. */
  | 'stream_bytes'
  | 'stream_time'
  | 'frame_blocked'
  | 'relay_stopped';
