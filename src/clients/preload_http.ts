import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { authorityOf, type ProxyRules } from './env_proxy.ts';
import { tunnelledTls } from './preload_tunnel.ts';

/** What Node hands to an agent; the method is not in its types, and every proxy agent relies on it. */
interface RequestOptions {
  readonly host?: string | null;
  readonly port?: string | number | null;
}
interface WithAddRequest {
  addRequest(request: http.ClientRequest, options: RequestOptions): void;
}
const plainAgent = http.Agent.prototype as unknown as WithAddRequest;

/** Plain requests go to the proxy in absolute form. */
export class ProxyHttpAgent extends http.Agent {
  readonly #rules: ProxyRules;

  constructor(rules: ProxyRules, options: http.AgentOptions) {
    super(options);
    this.#rules = rules;
  }

  addRequest(request: http.ClientRequest, options: RequestOptions): void {
    const hostname = options.host ?? 'localhost';
    const port = Number(options.port ?? 80);
    const proxy = this.#rules.proxyFor('http', hostname, port);
    if (proxy === undefined) {
      plainAgent.addRequest.call(this, request, options);
      return;
    }
    if (request.headersSent || (request as unknown as { _header: string | null })._header !== null) {
      // Its request line is rendered already: sending it would go around the proxy.
      // Without a socket `destroy` would stay silent and the program would wait for ever.
      const error = new Error('a request with headers as a list cannot be sent through the proxy');
      process.nextTick(() => request.emit('error', error));
      return;
    }
    request.path = `http://${authorityOf(hostname, port)}${request.path}`;
    if (proxy.authorization !== undefined) request.setHeader('proxy-authorization', proxy.authorization);
    plainAgent.addRequest.call(this, request, { ...options, host: proxy.hostname, port: proxy.port });
  }
}

type Created = (error: Error | null, socket?: Duplex) => void;

/** Requests over TLS go through a tunnel. */
export class ProxyHttpsAgent extends https.Agent {
  readonly #rules: ProxyRules;

  constructor(rules: ProxyRules, options: https.AgentOptions) {
    super(options);
    this.#rules = rules;
  }

  override createConnection(options: https.RequestOptions, created: Created): Duplex | undefined {
    const hostname = options.host ?? 'localhost';
    const port = Number(options.port ?? 443);
    const proxy = this.#rules.proxyFor('https', hostname, port);
    if (proxy === undefined) {
      const direct = https.Agent.prototype as unknown as {
        createConnection: ProxyHttpsAgent['createConnection'];
      };
      return direct.createConnection.call(this, options, created);
    }
    const { path: _path, socketPath: _socket, ...tls } = options as Record<string, unknown>;
    tunnelledTls(proxy, { hostname, port }, tls, created);
    return undefined;
  }
}
