/** The same bytes in a buffer of their own, which can be moved to another thread; copied only where they share one. */
export function movable(bytes: Uint8Array): Uint8Array {
  const isAlone = bytes.byteLength === bytes.buffer.byteLength && bytes.byteLength > 0;
  return isAlone && bytes.buffer instanceof ArrayBuffer ? bytes : copied(bytes);
}

/** A copy that nobody else sees; whoever gave the bytes keeps theirs. */
export function copied(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy;
}
