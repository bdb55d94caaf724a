import type { RelayEndCause } from '../core/relay/relay_end.ts';
import type { RelayTicket } from '../core/relay/relay_ticket.ts';

/** Where one relay serves and where its second hop goes. Unix sockets. */
export interface RelayPlaces {
  /** HTTP/1.1: WebSocket upgrades. */
  readonly socket: string;
  /** HTTP/2 with prior knowledge: gRPC calls. */
  readonly h2Socket: string;
  /** Envoy's listener for the second hop. */
  readonly outSocket: string;
  /** What that listener asks for. */
  readonly stamp: string;
}

export type RelayProtocol = 'websocket' | 'grpc';

export type RelayEvent =
  /** `no_ticket`: without a ticket that is good, unused and in time. */
  | { readonly kind: 'refused'; readonly why: 'no_ticket' | 'full' }
  | { readonly kind: 'opened'; readonly protocol: RelayProtocol }
  | {
      readonly kind: 'ended';
      readonly protocol: RelayProtocol;
      readonly cause: RelayEndCause;
      readonly bytes_in: number;
      readonly bytes_out: number;
    }
  /** Envoy did not take the report of an end; the outcome will not know it. */
  | { readonly kind: 'unreported' };

/** What a relay asks of the process it works for. */
export interface RelayHost {
  /** Undefined for a ticket that is no good, or was shown before. Rejects when nobody can tell. */
  open(ticket: string): Promise<RelayTicket | undefined>;
  tell(event: RelayEvent): void;
}
