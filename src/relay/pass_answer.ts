import type { IncomingMessage, ServerResponse } from 'node:http';
import { headerPairs, isInternal, isUnsendable } from './out_headers.ts';
import type { Session } from './session.ts';

/** Of one hop alone; the framing of the body is made anew. */
const HOP_HEADERS: readonly string[] = ['connection', 'keep-alive', 'transfer-encoding', 'proxy-connection'];

/** Hands on what the destination answered instead of an upgrade, unchanged, within the same caps. */
export function passAnswer(answer: IncomingMessage, response: ServerResponse, session: Session): void {
  const headers = headerPairs(answer.rawHeaders).filter(
    ([name]) => !isInternal(name) && !isUnsendable(name) && !HOP_HEADERS.includes(name.toLowerCase()),
  );
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers.flat());
  const breakOff = (cause: Parameters<Session['end']>[0]): void => {
    answer.destroy();
    // Without its last chunk the client sees that the body was cut.
    void session.end(cause).then(() => response.destroy());
  };
  session.onCut(breakOff);
  response.once('close', () => answer.destroy());
  response.on('drain', () => answer.resume());
  answer.on('data', (chunk: Buffer) => {
    const granted = session.meter.take('out', chunk.length);
    if (!response.write(chunk.subarray(0, granted))) answer.pause();
    if (granted < chunk.length) breakOff('stream_bytes');
  });
  answer.once('end', () => void session.end('done').then(() => response.end()));
  answer.once('error', () => breakOff('done'));
}
