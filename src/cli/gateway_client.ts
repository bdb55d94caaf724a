import { request } from 'node:http';

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 1_048_576;

/** One call of the running gateway's control socket. Undefined when no gateway runs; rejects when it refuses. */
export function askGateway(
  socketPath: string,
  method: 'GET' | 'POST',
  path: '/status' | '/checkpoint' | '/drain' | '/clock-accept' | '/metrics' | `/bypass-record?${string}`,
  timeout = TIMEOUT_MS,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, timeout, agent: false }, (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size > ANSWER_BYTES_MAX) call.destroy(new Error('the answer of the gateway is too long'));
        else parts.push(part);
      });
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`the gateway refused ${method} ${path}: ${text.trim()}`));
      });
    });
    call.on('timeout', () => call.destroy(new Error(`the gateway gave no answer in ${timeout} ms`)));
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
    call.end();
  });
}
