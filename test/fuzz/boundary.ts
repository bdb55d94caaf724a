/** One place where bytes from outside come in, with the judge of what the product makes of them. */
export interface Boundary {
  readonly name: string;
  /** Good and bad inputs that mutation starts from; at least one must be accepted. */
  readonly corpus: readonly Uint8Array[];
  /**
   * Throws when the product crashes or its verdict is wrong. The judge inside is independent of the code under test.
   * Returns whether the product accepted the input, so that a run can tell that both sides were reached.
   */
  check(input: Uint8Array): boolean | Promise<boolean>;
  /** Ends what the boundary started. */
  close?(): Promise<void>;
}

export type OpenBoundary = () => Boundary | Promise<Boundary>;

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
/** One character per byte, as header values travel. */
export const latin1 = (input: Uint8Array): string => Buffer.from(input).toString('latin1');
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
