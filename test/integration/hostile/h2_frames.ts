/** Bytes of an HTTP/2 client that respects no rule. Written from RFC 9113 and RFC 7541, without Huffman or indexing. */

export interface H2Request {
  readonly headers: readonly (readonly [string, string])[];
  readonly data?: string;
  readonly trailers?: readonly (readonly [string, string])[];
  /** More data, in a frame of its own. */
  readonly more?: string;
  /** More data, behind the end of the stream. */
  readonly behind?: string;
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const [DATA, HEADERS, SETTINGS] = [0x0, 0x1, 0x4];
const [END_STREAM, END_HEADERS] = [0x1, 0x4];
const FRAME_BYTES_MAX = 16_384;

/** A whole connection: preface, empty settings, then one stream per request. */
export function h2Bytes(requests: readonly H2Request[]): Buffer {
  const streams = requests.map((request, index) => streamOf(request, 2 * index + 1));
  return Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, Buffer.alloc(0)), ...streams]);
}

function streamOf({ headers, data, more, trailers, behind }: H2Request, id: number): Buffer {
  const last = (here: boolean): number => (here ? END_STREAM : 0);
  const frames = [
    frame(HEADERS, END_HEADERS | last(data === undefined && trailers === undefined), id, block(headers)),
  ];
  if (data !== undefined)
    frames.push(
      ...dataOf(Buffer.from(data, 'latin1'), last(trailers === undefined && more === undefined), id),
    );
  if (more !== undefined)
    frames.push(frame(DATA, last(trailers === undefined), id, Buffer.from(more, 'latin1')));
  if (trailers !== undefined) frames.push(frame(HEADERS, END_HEADERS | END_STREAM, id, block(trailers)));
  if (behind !== undefined) frames.push(frame(DATA, END_STREAM, id, Buffer.from(behind, 'latin1')));
  return Buffer.concat(frames);
}

function dataOf(bytes: Buffer, flags: number, id: number): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += FRAME_BYTES_MAX) {
    const isLast = at + FRAME_BYTES_MAX >= bytes.length;
    frames.push(frame(DATA, isLast ? flags : 0, id, bytes.subarray(at, at + FRAME_BYTES_MAX)));
  }
  return frames;
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function block(headers: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([Buffer.from(integer(bytes.length)), bytes]);
}

/** RFC 7541, section 5.1, with a prefix of 7 bits. */
function integer(value: number): number[] {
  if (value < 127) return [value];
  const out = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
  return [...out, rest];
}
