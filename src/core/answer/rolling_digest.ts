/** SHA-256 of what came so far, as often as it is asked for. The shell brings it: streams are long, and platforms fast. */
export interface RollingDigest {
  update(bytes: Uint8Array): void;
  /** Goes on from here by itself. */
  copy(): RollingDigest;
  /** Lower-case hex. */
  hex(): string;
}

export type NewDigest = () => RollingDigest;
