/** Bytes that some reader skips before a text: white space, controls, zeros of wider encodings, byte order marks. */
function isSkipped(byte: number): boolean {
  return byte <= 0x20 || byte === 0xef || byte === 0xbb || byte === 0xbf || byte === 0xfe || byte === 0xff;
}

const [OBJECT, LIST, SLASH, STAR] = [0x7b, 0x5b, 0x2f, 0x2a];

/** Whether some server may take this for an object or a list of JSON, whatever its type says. Never says no to strict JSON. */
export function looksLikeJson(body: Uint8Array): boolean {
  const at = body.findIndex((byte) => !isSkipped(byte));
  const [first, second] = [body[at], body[at + 1]];
  if (first === OBJECT || first === LIST) return true;
  return first === SLASH && (second === SLASH || second === STAR);
}
