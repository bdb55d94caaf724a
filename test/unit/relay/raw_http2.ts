import { connect } from 'node:net';

const [HEADERS, SETTINGS] = [1, 4];
const [END_STREAM, END_HEADERS, ACK] = [0x1, 0x4, 0x1];

/** One request without a body, in bytes of our own: Node's client sends no header that HTTP/2 does not have. */
export async function rawCall(path: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const socket = connect({ path });
  socket.on('error', () => undefined);
  const fields = Buffer.concat(Object.entries(headers).map(([name, value]) => literal(name, value)));
  socket.write(
    Buffer.concat([
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      ...[frame(SETTINGS, 0, 0), frame(SETTINGS, ACK, 0)],
      frame(HEADERS, END_STREAM | END_HEADERS, 1, fields),
    ]),
  );
  // Any answer to the request, and all that came with it.
  await new Promise<void>((resolve) => {
    let seen = Buffer.alloc(0);
    socket.on('data', (part: Buffer) => {
      seen = Buffer.concat([seen, part]);
      if (streamsIn(seen).includes(1)) resolve();
    });
    socket.once('close', () => resolve());
  });
  socket.destroy();
}

/** Without a table and without Huffman; texts shorter than 127 bytes. */
function literal(name: string, value: string): Buffer {
  const text = (one: string) => Buffer.concat([Buffer.from([one.length]), Buffer.from(one, 'latin1')]);
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Stream of each whole frame. */
function streamsIn(bytes: Buffer): number[] {
  const streams: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end <= bytes.length) streams.push(bytes.readUInt32BE(at + 5));
    at = end;
  }
  return streams;
}
