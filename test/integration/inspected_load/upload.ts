import { connect, type Socket } from 'node:net';
import type { DemoAgent } from '../../support/running.ts';
import { basic } from '../../support/through_proxy.ts';
import { BODY_BYTES } from './world.ts';

/** One slow upload: its head and a part of its body first, the rest when it is told. */
export interface Upload {
  /** Absent: nobody has answered yet. */
  answer:
    | { readonly status: number; readonly code: string | undefined; readonly receipt: string | undefined }
    | undefined;
  readonly sent: number;
  /** Sends up to this byte of the body; resolves when it is with the kernel. */
  sendUpTo(end: number): Promise<void>;
  /** Resolves with the answer, or without one when the connection ended. */
  readonly over: Promise<void>;
  close(): void;
}

export interface UploadTarget {
  readonly proxy: URL;
  readonly authority: string;
  readonly body: Buffer;
}

export function startUpload(
  { proxy, authority, body }: UploadTarget,
  agent: Pick<DemoAgent, 'agent_id' | 'api_key'>,
): Upload {
  const socket = connect({ host: proxy.hostname, port: Number(proxy.port) });
  let sent = 0;
  let text = '';
  let end: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const upload: Upload = {
    answer: undefined,
    get sent() {
      return sent;
    },
    sendUpTo: (until) => {
      const part = body.subarray(sent, until);
      sent = Math.max(sent, until);
      return written(socket, part);
    },
    over,
    close: () => void socket.destroy(),
  };
  socket.on('error', () => undefined);
  socket.on('close', () => end());
  socket.on('data', (part: Buffer) => {
    text += part.toString('latin1');
    upload.answer ??= answerIn(text);
    if (upload.answer !== undefined) end();
  });
  socket.write(
    [
      ...[`POST http://${authority}/upload HTTP/1.1`, `Host: ${authority}`, 'Content-Type: application/json'],
      ...[`Content-Length: ${BODY_BYTES}`, `Proxy-Authorization: ${basic(agent)}`, '\r\n'],
    ].join('\r\n'),
  );
  return upload;
}

function written(socket: Socket, part: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    socket.once('close', resolve);
    socket.write(part, () => {
      socket.off('close', resolve);
      resolve();
    });
  });
}

function answerIn(text: string): Upload['answer'] {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  if (status === 0 || body.length < length) return undefined;
  return {
    status,
    code: /"code":"([A-Z_]+)"/.exec(body)?.[1],
    receipt: /^x-clawgress-receipt: (\S+)/im.exec(head)?.[1],
  };
}
