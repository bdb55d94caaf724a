import { connect } from 'node:net';
import { authorityOf, bare, type ProxyRules } from './env_proxy.ts';
import { tunnelledTls } from './preload_tunnel.ts';

/** The dispatcher of Node's own fetch stands under this name; undici of the same program reads it, too. */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');

interface DispatchOptions {
  readonly origin?: string | URL;
  readonly path: string;
  readonly headers?: unknown;
}
interface Dispatcher {
  dispatch(options: DispatchOptions, handler: unknown): boolean;
}
interface ConnectOptions {
  readonly hostname: string;
  readonly protocol: string;
  readonly port: string;
  readonly servername?: string | null;
}
type Connected = (error: Error | null, socket?: unknown) => void;
type AgentClass = new (options: {
  connect(options: ConnectOptions, connected: Connected): void;
}) => Dispatcher;

/** Puts a dispatcher in the place of fetch's own that obeys the proxy variables. */
export function proxyFetch(rules: ProxyRules): void {
  const slot = globalThis as unknown as Record<symbol, Dispatcher | undefined>;
  // Node loads its fetch with the first use of one of its classes.
  new Headers();
  const direct = slot[DISPATCHER];
  if (direct === undefined) throw new Error('this Node keeps no dispatcher for fetch');
  const proxied = new (direct.constructor as AgentClass)({
    connect: (options, done) => dial(rules, options, done),
  });
  slot[DISPATCHER] = new Proxy(proxied, {
    get(target, name) {
      if (name === 'dispatch') {
        return (options: DispatchOptions, handler: unknown) =>
          dispatch(rules, { proxied, direct }, options, handler);
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function dispatch(
  rules: ProxyRules,
  ways: { readonly proxied: Dispatcher; readonly direct: Dispatcher },
  options: DispatchOptions,
  handler: unknown,
): boolean {
  const origin = new URL(String(options.origin));
  const scheme = origin.protocol === 'https:' ? 'https' : 'http';
  const port = Number(origin.port || (scheme === 'https' ? 443 : 80));
  const proxy = rules.proxyFor(scheme, origin.hostname, port);
  if (proxy === undefined) return ways.direct.dispatch(options, handler);
  if (scheme === 'https') return ways.proxied.dispatch(options, handler);
  const added = {
    host: origin.host,
    ...(proxy.authorization ? { 'proxy-authorization': proxy.authorization } : {}),
  };
  return ways.proxied.dispatch(
    {
      ...options,
      origin: `http://${authorityOf(proxy.hostname, proxy.port)}`,
      path: `${origin.origin}${options.path}`,
      headers: withHeaders(options.headers, added),
    },
    handler,
  );
}

/** fetch hands over an object; undici's other calls may bring a flat list or pairs. */
function withHeaders(headers: unknown, added: Record<string, string>): unknown {
  if (headers === undefined || headers === null) return added;
  if (Array.isArray(headers)) return [...headers, ...Object.entries(added).flat()];
  if (typeof headers === 'object' && Symbol.iterator in headers) {
    return { ...Object.fromEntries(headers as Iterable<[string, string]>), ...added };
  }
  return { ...headers, ...added };
}

function dial(rules: ProxyRules, options: ConnectOptions, connected: Connected): void {
  const hostname = bare(options.hostname);
  const isTls = options.protocol === 'https:';
  const port = Number(options.port || (isTls ? 443 : 80));
  const proxy = isTls ? rules.proxyFor('https', hostname, port) : undefined;
  if (proxy !== undefined) {
    const { servername } = options;
    tunnelledTls(proxy, { hostname, port }, servername ? { servername } : {}, connected);
    return;
  }
  // The proxy itself, for a request in absolute form.
  const socket = connect(port, hostname);
  const failed = (error: Error) => connected(error);
  socket.once('error', failed);
  socket.once('connect', () => {
    socket.off('error', failed);
    connected(null, socket.setNoDelay(true));
  });
}
