/** 1 for bytes of a string that stand for themselves and need no look. */
export const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte >= 0x20 && byte < 0x80 && byte !== 0x22 && byte !== 0x5c),
);
/** 1 for bytes that may stand behind a backslash, but for the u. */
export const SIMPLE_ESCAPES = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number('"\\/bfnrt'.includes(String.fromCharCode(byte))),
);
