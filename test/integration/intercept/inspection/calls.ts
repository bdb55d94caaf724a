import { type IncomingHttpHeaders, request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';

export interface BodyCall {
  readonly port: number;
  readonly target: string;
  readonly host: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Several: chunked, one by one. */
  readonly body?: Buffer | string | readonly (Buffer | string)[];
  readonly trailers?: Readonly<Record<string, string>>;
  /** Leaves after that, when this much was sent of the body, without its end. */
  readonly leave?: () => Promise<unknown>;
  /** After each piece; 20 ms by default. */
  readonly pause?: () => Promise<unknown>;
}

export interface BodyAnswer {
  /** 0: none came. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly text: string;
  /** The answer broke off, or none came. */
  readonly cut: boolean;
  /** `100 Continue` came. */
  readonly continued: boolean;
  /** The pieces as they came. */
  readonly pieces: readonly string[];
}

const LINGER_MS = 300;
const pauseShortly = (): Promise<unknown> => sleep(20);
/** Nothing is waited for longer. */
const PATIENCE_MS = 60_000;

/** HTTP/1.1, to the end, whatever it is. */
export function call(one: BodyCall): Promise<BodyAnswer> {
  return new Promise((resolve) => {
    const { port, target, host, body, trailers, leave } = one;
    const many = Array.isArray(body) ? (body as (Buffer | string)[]) : undefined;
    const single = many === undefined ? (body as Buffer | string | undefined) : undefined;
    const headers: Record<string, string> = { host, ...one.headers };
    if (
      single !== undefined &&
      headers['content-length'] === undefined &&
      headers['transfer-encoding'] === undefined
    )
      headers['content-length'] = String(Buffer.byteLength(single));
    if (trailers !== undefined) headers['trailer'] = Object.keys(trailers).join(', ');
    let continued = false;
    const method = one.method ?? (body === undefined ? 'GET' : 'POST');
    const sent = request({ host: '127.0.0.1', port, path: target, method, headers, agent: false });
    let done = false;
    const finish = (answer: Partial<BodyAnswer>): void => {
      if (done) return;
      done = true;
      sent.destroy();
      const {
        status = 0,
        headers: got = {},
        trailers: late = {},
        body: all = Buffer.alloc(0),
        cut = true,
      } = answer;
      const pieces = answer.pieces ?? [];
      resolve({
        status,
        headers: got,
        trailers: late,
        body: all,
        text: all.toString(),
        cut,
        continued,
        pieces,
      });
    };
    sent.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      const end = (cut: boolean) => () =>
        finish({
          ...{ status: response.statusCode ?? 0, headers: response.headers, trailers: response.trailers },
          ...{ body: Buffer.concat(parts), cut, pieces: parts.map(String) },
        });
      response.on('end', end(false)).on('error', end(true)).on('aborted', end(true));
    });
    sent.on('error', () => setTimeout(() => finish({}), LINGER_MS));
    setTimeout(() => finish({}), PATIENCE_MS).unref();
    const write = async (): Promise<void> => {
      for (const part of many ?? []) {
        sent.write(part);
        await (one.pause ?? pauseShortly)();
      }
      if (trailers !== undefined) sent.addTrailers(trailers);
      if (leave !== undefined) {
        if (single !== undefined) sent.write(single);
        await leave();
        finish({});
      } else if (single === undefined) sent.end();
      else sent.end(single);
    };
    sent.on('continue', () => {
      continued = true;
      void write();
    });
    if (headers['expect'] === undefined) void write();
    else sent.flushHeaders();
  });
}

/** HTTP/2 without TLS, and without a content-length unless a header says so. */
export function callHttp2(one: BodyCall): Promise<BodyAnswer> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://127.0.0.1:${one.port}`);
    session.on('error', () => undefined);
    const stream = session.request(
      {
        ...{ ':method': one.method ?? (one.body === undefined ? 'GET' : 'POST'), ':path': one.target },
        ...{ ':authority': one.host, ':scheme': 'http', ...one.headers },
      },
      { endStream: one.body === undefined, waitForTrailers: one.trailers !== undefined },
    );
    const parts: Buffer[] = [];
    let headers: IncomingHttpHeaders = {};
    let trailers = {};
    stream.on('wantTrailers', () => stream.sendTrailers(one.trailers ?? {}));
    stream.on('response', (got) => {
      headers = got as IncomingHttpHeaders;
    });
    stream.on('trailers', (got) => {
      trailers = got;
    });
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('error', () => undefined);
    stream.on('close', () => {
      session.close();
      const body = Buffer.concat(parts);
      const status = Number(headers[':status'] ?? 0);
      const cut = stream.rstCode !== 0;
      resolve({
        status,
        headers,
        trailers,
        body,
        text: body.toString(),
        cut,
        continued: false,
        pieces: parts.map(String),
      });
    });
    if (one.body === undefined) return;
    const parcels = [one.body].flat() as (Buffer | string)[];
    const write = async (): Promise<void> => {
      for (const part of parcels) {
        if (!stream.writable) return;
        stream.write(part);
        await (one.pause ?? pauseShortly)();
      }
      stream.end();
    };
    setTimeout(() => session.destroy(), PATIENCE_MS).unref();
    void write();
  });
}
