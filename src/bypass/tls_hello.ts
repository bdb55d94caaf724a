/**
 * A TLS 1.3 ClientHello (RFC 8446) that nobody will finish: it only asks whether the bytes get through. Built by
 * hand because a TLS library cannot send a name of ours and show the raw bytes that come back.
 */
export function clientHello(random: Uint8Array, share: Uint8Array, serverName?: string): Uint8Array {
  const extensions = [
    ...(serverName === undefined ? [] : extension(0, sized(2, [0, ...sized(2, ascii(serverName))]))),
    ...extension(10, sized(2, [0x00, 0x1d])),
    ...extension(13, sized(2, [0x04, 0x03, 0x08, 0x04, 0x04, 0x01])),
    ...extension(16, sized(2, sized(1, ascii('http/1.1')))),
    ...extension(43, sized(1, [0x03, 0x04])),
    ...extension(51, sized(2, [0x00, 0x1d, ...sized(2, [...share])])),
  ];
  const hello = [
    ...[0x03, 0x03, ...random],
    ...sized(1, []),
    ...sized(2, [0x13, 0x01, 0x13, 0x02, 0x13, 0x03]),
    ...sized(1, [0]),
    ...sized(2, extensions),
  ];
  return Uint8Array.from([0x16, 0x03, 0x01, ...sized(2, [0x01, ...sized(3, hello)])]);
}

/** What the first bytes of an answer to a ClientHello are. */
export function answerToHello(bytes: Uint8Array): 'none' | 'alert' | 'hello' | 'other' {
  if (bytes.length === 0) return 'none';
  const isRecord = bytes.length >= 5 && bytes[1] === 0x03;
  if (isRecord && bytes[0] === 0x15) return 'alert';
  return isRecord && bytes[0] === 0x16 ? 'hello' : 'other';
}

function extension(type: number, body: readonly number[]): number[] {
  return [type >> 8, type & 0xff, ...sized(2, body)];
}

/** A vector with its length in front, in so many bytes. */
function sized(bytes: 1 | 2 | 3, body: readonly number[]): number[] {
  const length = Array.from({ length: bytes }, (_, at) => (body.length >> (8 * (bytes - 1 - at))) & 0xff);
  return [...length, ...body];
}

function ascii(text: string): number[] {
  return [...Buffer.from(text, 'latin1')];
}
