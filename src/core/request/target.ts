import type { Authority } from './host.ts';

/** Where a request goes, before its path is looked at. `rewritten` when `/_to/` named the destination. */
export interface Target {
  readonly authority: Authority;
  readonly port: number;
  /** Path and query as they will be forwarded. */
  readonly path: string;
  readonly rewritten: boolean;
  /** Of the handshake, when it named the host. */
  readonly sni?: string;
  /** Exactly in mode `transparent`. */
  readonly original_destination?: string;
}
