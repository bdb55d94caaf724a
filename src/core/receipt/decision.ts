import type { BodyFacts } from '../contract/body_facts.ts';
import type {
  HostKind,
  InterceptMode,
  Protocol,
  Scheme,
  TunnelMode,
  Visibility,
} from '../request/egress_request.ts';

/** The `request` member of a decision record: what replay needs to judge again, and nothing that may be secret. */
export interface RequestFacts {
  readonly mode: InterceptMode;
  readonly visibility: Visibility;
  readonly protocol: Protocol;
  readonly method?: string;
  readonly scheme?: Scheme;
  /** Canonical host; absent when the authority could not be parsed. */
  readonly authority?: string;
  readonly host_kind?: HostKind;
  readonly port?: number;
  /** Canonical name of the TLS handshake around the request; absent when there was none or it was no host name. */
  readonly sni?: string;
  /** `ip:port` that the client dialled, IPv6 in brackets; in mode `transparent`. */
  readonly original_destination?: string;
  /** On allowed CONNECTs: what became of the tunnel. */
  readonly tls?: TunnelMode;
  /** Clear path without the query; absent when hidden, unparsable, over 8,192 bytes or when it held a credential. */
  readonly path?: string;
  readonly path_ambiguous?: true;
  /** Base64 of the client-data commitment of the raw query (evidence format, section "commitments"). */
  readonly query_commitment?: string;
  /** Query parameter names, sorted, that the policy mentions and the request carried. */
  readonly query_names?: readonly string[];
  readonly override_headers?: readonly string[];
  readonly credential_forwarded?: true;
  /**
   * `none`: there is no body, or the client announced none and nobody looked; `absent`: there may be one and nobody looked.
   * `complete` and `streamed`: `body` says what was found.
   */
  readonly body_state: 'none' | 'absent' | 'complete' | 'streamed';
  readonly body?: BodyFacts;
  /** Base64 of the commitments of the body as it came and, where it was repaired, as it was forwarded. */
  readonly body_commitment?: string;
  readonly repaired_commitment?: string;
  /** Set when no canonical form exists; then most members above are absent. */
  readonly problem?: string;
}
