import http from 'node:http';
import { isIP, type Socket } from 'node:net';
import tls from 'node:tls';
import { authorityOf, bare, type EnvProxy } from './env_proxy.ts';

const CONNECT_TIMEOUT_MS = 30_000;

type Done = (error: Error | null, socket?: tls.TLSSocket) => void;

/** Opens a tunnel through the proxy, then TLS with the destination inside. `done` is called once. */
export function tunnelledTls(
  proxy: EnvProxy,
  target: { readonly hostname: string; readonly port: number },
  options: tls.ConnectionOptions,
  done: Done,
): void {
  const authority = authorityOf(target.hostname, target.port);
  const headers: Record<string, string> = { host: authority };
  if (proxy.authorization !== undefined) headers['proxy-authorization'] = proxy.authorization;
  const request = http.request({
    host: proxy.hostname,
    port: proxy.port,
    method: 'CONNECT',
    path: authority,
    // Of its own: the global agent is the one that we have replaced.
    agent: new http.Agent(),
    headers,
    timeout: CONNECT_TIMEOUT_MS,
  });
  request.once('timeout', () => request.destroy(new Error(`the proxy did not answer CONNECT ${authority}`)));
  request.once('error', (error) => done(error));
  request.once('response', (response) => {
    response.destroy();
    done(refused(authority, response));
  });
  request.once('connect', (response, socket) => {
    if (response.statusCode === 200) return startTls(socket as Socket, target.hostname, options, done);
    socket.destroy();
    done(refused(authority, response));
  });
  request.end();
}

function refused(authority: string, { statusCode, headers }: http.IncomingMessage): Error {
  const why = headers['proxy-status'];
  return new Error(
    `the proxy refused CONNECT ${authority}: ${statusCode}${why === undefined ? '' : ` (${why})`}`,
  );
}

function startTls(socket: Socket, hostname: string, options: tls.ConnectionOptions, done: Done): void {
  socket.setTimeout(0);
  const host = bare(hostname);
  const secure = tls.connect({
    ALPNProtocols: ['http/1.1'],
    ...options,
    socket,
    host,
    // A server name must be a name; an address is compared with the certificate all the same.
    servername: options.servername || (isIP(host) === 0 ? host : ''),
  });
  const failed = (error: Error) => done(error);
  secure.once('error', failed);
  secure.once('secureConnect', () => {
    secure.off('error', failed);
    done(null, secure);
  });
}
