import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** What a scripted gateway does with the head of a request. */
export type Script = (head: string, socket: Socket) => void;

export interface Scripted {
  readonly port: number;
  close(): Promise<void>;
}

const HEAD_MAX = 65_536;
const LONGER = 4;

/** Once for a test: every try may last longer, so that a busy machine is not taken for silence. */
export function patient(t: TestContext): void {
  const real = globalThis.setTimeout;
  t.mock.method(globalThis, 'setTimeout', (act: () => void, ms: number) => real(act, ms * LONGER));
}

/** A listener on loopback that reads a head and then does as it is told. */
export async function scripted(script: Script): Promise<Scripted> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
    let head = '';
    const read = (bytes: Buffer) => {
      head += bytes.toString('latin1');
      if (!head.includes('\r\n\r\n') && head.length < HEAD_MAX) return;
      socket.off('data', read);
      script(head, socket);
    };
    socket.on('data', read);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Refuses everything, with the mark. */
export const refusing: Script = (head, socket) => {
  const isAnonymous = !/proxy-authorization|x-clawgress-key/i.test(head);
  const [status, code] = isAnonymous ? ['407', 'IDENTITY_MISSING'] : ['403', 'POLICY_NO_MATCH'];
  const mark = `clawgress; error=http_request_denied; details="${code}"`;
  socket.end(
    `HTTP/1.1 ${status} No\r\nproxy-status: ${mark}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
  );
};

/** An open proxy for anybody. It dials the ports that it is given, on loopback; the rest it only pretends to reach. */
export function leaking(ports: () => readonly number[]): Script {
  return (head, socket) => {
    const [, method = '', target = ''] = /^(\S+) (\S+) HTTP/.exec(head) ?? [];
    const host = /\r\nhost: (\S+)\r\n(?![\s\S]*\r\nhost: )/i.exec(head)?.[1] ?? '';
    const steered = /x-envoy-original-dst-host: (\S+)/.exec(head)?.[1];
    const named = method === 'CONNECT' ? target : /^https?:\/\/([^/]+)/.exec(target)?.[1];
    const inPath = /^\/_to\/([^/]+)/.exec(target)?.[1];
    const port = Number((steered ?? named ?? inPath ?? host).split(':').pop());
    if (!ports().includes(port)) return void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi');
    const upstream = connect({ host: '127.0.0.1', port });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    if (method === 'CONNECT') socket.write('HTTP/1.1 200 OK\r\n\r\n');
    else upstream.write(Buffer.from(head, 'latin1'));
    socket.pipe(upstream).pipe(socket);
  };
}
