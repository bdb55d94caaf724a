import { request } from 'node:http';

const TIMEOUT_MS = 2_000;
const ANSWER_MAX_BYTES = 65_536;

export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
}

/** One call of Envoy's admin interface over its Unix socket. Rejects when nobody answers in time. */
export function askAdmin(socketPath: string, method: 'GET' | 'POST', path: string): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, timeout: TIMEOUT_MS, agent: false }, (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size <= ANSWER_MAX_BYTES) parts.push(part);
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }),
      );
      response.on('error', reject);
    });
    call.on('timeout', () =>
      call.destroy(new Error(`Envoy's admin interface gave no answer in ${TIMEOUT_MS} ms`)),
    );
    call.on('error', reject);
    call.end();
  });
}
