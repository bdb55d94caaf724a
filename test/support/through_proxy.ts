import http from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface ProxyCall {
  readonly proxy: string;
  /** Absolute http:// URL of the destination. */
  readonly url: string;
  readonly method?: string;
  readonly credential?: { readonly agent_id: string; readonly api_key: string };
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly agent?: http.Agent;
  /** Leave after this many milliseconds. */
  readonly abortAfterMs?: number;
}

export function basic({ agent_id, api_key }: { agent_id: string; api_key: string }): string {
  return `Basic ${Buffer.from(`${agent_id}:${api_key}`).toString('base64')}`;
}

/** One absolute-form request; `undefined` when the connection broke before an answer. */
export function throughProxy(call: ProxyCall): Promise<Answer | undefined> {
  const proxy = new URL(call.proxy);
  const headers: Record<string, string> = { host: new URL(call.url).host, ...call.headers };
  if (call.credential) headers['proxy-authorization'] = basic(call.credential);
  return new Promise((resolve) => {
    const request = http.request(
      {
        host: proxy.hostname,
        port: proxy.port,
        method: call.method ?? 'GET',
        path: call.url,
        headers,
        agent: call.agent,
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
        response.on('error', () => resolve(undefined));
      },
    );
    request.on('error', () => resolve(undefined));
    if (call.abortAfterMs !== undefined) setTimeout(() => request.destroy(), call.abortAfterMs);
    request.end(call.body);
  });
}
