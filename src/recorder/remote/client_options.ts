import type { Dial } from './dial.ts';

export interface ClientOptions {
  readonly dial: Dial;
  readonly gateway_id: string;
  /** How long an append may take: Envoy's own time-out, for nobody listens after that. */
  readonly deadline_ms: number;
  readonly log: ClientLog;
  /** After each change, and with each new status. */
  readonly changed?: (reachable: boolean) => void;
}

interface ClientLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
