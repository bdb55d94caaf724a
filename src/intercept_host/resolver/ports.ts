/** The answer to one message from this address; undefined: none is sent. */
export type Ask = (message: Uint8Array, source: string) => Uint8Array | undefined;

export interface Listener {
  close(): Promise<void>;
}
