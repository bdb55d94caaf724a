/** Reads the frames of a whole stream at once, from the text of RFC 6455 and without regard to cost. The judge of the reader. */
export interface NaiveResult {
  readonly frames: number;
  readonly messages: number;
  readonly violation?: { readonly code: number; readonly why: string };
  /** Bytes of the stream before the frame that is cut off or breaks the rules. */
  readonly wholeBytes: number;
  /** Of that frame: its header is whole, and nothing of its payload can break a rule any more. */
  readonly partIsSafe: boolean;
}

export function naiveFrames(
  stream: Uint8Array,
  sender: 'client' | 'server',
  max = Number.MAX_SAFE_INTEGER,
): NaiveResult {
  const bytes = [...stream];
  let [place, frames, messages] = [0, 0, 0];
  let message: { text: boolean; payload: number[]; size: number } | undefined;
  let closed = false;
  const end = (violation?: NaiveResult['violation'], partIsSafe = false): NaiveResult => ({
    frames,
    messages,
    wholeBytes: place,
    partIsSafe,
    ...(violation ? { violation } : {}),
  });
  const bad = (why: string, code = 1002) => end({ code, why });
  for (;;) {
    const rest = bytes.slice(place);
    const [first, second] = rest;
    if (first === undefined || second === undefined) return end();
    const opcode = first % 16;
    if (Math.floor(first / 16) % 8 !== 0) return bad('RESERVED_BIT');
    if (![0, 1, 2, 8, 9, 10].includes(opcode)) return bad('RESERVED_OPCODE');
    if (opcode >= 8 && first < 128) return bad('CONTROL_FRAGMENTED');
    if (opcode >= 8 && second % 128 > 125) return bad('CONTROL_TOO_LONG');
    if (sender === 'client' && second < 128) return bad('NOT_MASKED');
    if (sender === 'server' && second >= 128) return bad('MASKED');
    const extra = second % 128 === 126 ? 2 : second % 128 === 127 ? 8 : 0;
    const start = 2 + extra + (second >= 128 ? 4 : 0);
    if (rest.length < start) return end();
    const long = BigInt(`0x${Buffer.from(rest.slice(2, 2 + extra)).toString('hex') || '0'}`);
    if (extra === 2 && long < 126n) return bad('LENGTH_NOT_MINIMAL');
    if (extra === 8 && long < 65_536n) return bad('LENGTH_NOT_MINIMAL');
    if (extra === 8 && long >= 2n ** 63n) return bad('LENGTH_INVALID');
    const length = extra === 0 ? second % 128 : Number(long);
    const mask = second >= 128 ? rest.slice(start - 4, start) : [0, 0, 0, 0];
    const payload = rest.slice(start, start + length).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
    const isWhole = rest.length >= start + length;
    if (opcode < 8) {
      if (closed) return bad('DATA_AFTER_CLOSE');
      if (opcode === 0 && message === undefined) return bad('CONTINUATION_OF_NOTHING');
      if (opcode !== 0 && message !== undefined) return bad('MESSAGE_NOT_CONTINUED');
      message ??= { text: opcode === 1, payload: [], size: 0 };
      message.size += length;
      if (message.size > max || message.size >= Number.MAX_SAFE_INTEGER) return bad('MESSAGE_TOO_BIG', 1009);
      message.payload.push(...payload);
      const isDone = isWhole && first >= 128;
      if (message.text && !isText(message.payload, isDone)) return bad('NOT_UTF8', 1007);
      if (!isWhole) return end(undefined, !message.text);
      if (isDone) {
        messages += 1;
        message = undefined;
      }
    } else if (opcode === 8) {
      const code = (payload[0] ?? 0) * 256 + (payload[1] ?? 0);
      const known = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].includes(code);
      if (payload.length >= 2 && !known && !(code >= 3000 && code <= 4999)) return bad('CLOSE_CODE');
      if (isWhole && payload.length === 1) return bad('CLOSE_PAYLOAD');
      if (!isText(payload.slice(2), isWhole)) return bad('NOT_UTF8', 1007);
      if (!isWhole) return end();
      closed = true;
    } else if (!isWhole) return end(undefined, true);
    frames += 1;
    place += start + length;
  }
}

/** By the platform's decoder. `isWhole`: the text may not end within a character. */
function isText(bytes: readonly number[], isWhole: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes), { stream: !isWhole });
    return true;
  } catch {
    return false;
  }
}
