type Environment = Readonly<Record<string, string | undefined>>;

/** A proxy as the variables name it. `authorization` is the value of Proxy-Authorization. */
export interface EnvProxy {
  readonly hostname: string;
  readonly port: number;
  readonly authorization?: string;
}

export interface ProxyRules {
  /** The proxy for this destination; undefined: go there directly. `hostname` may carry IPv6 brackets. */
  proxyFor(scheme: 'http' | 'https', hostname: string, port: number): EnvProxy | undefined;
}

/** Reads the proxy variables as curl does: lower case first. Throws when a proxy is not a plain http:// URL. */
export function proxyRules(env: Environment): ProxyRules {
  const proxies = { http: envProxy(env, 'http'), https: envProxy(env, 'https') };
  const exceptions = (env['no_proxy'] ?? env['NO_PROXY'] ?? '')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
  return {
    proxyFor(scheme, hostname, port) {
      const proxy = proxies[scheme];
      const host = bare(hostname);
      // Programs that speak to the proxy by themselves must not be sent through it twice.
      if (proxy === undefined || (host === proxy.hostname && port === proxy.port)) return undefined;
      return exceptions.some((entry) => isExcepted(entry, host, port)) ? undefined : proxy;
    },
  };
}

function envProxy(env: Environment, scheme: 'http' | 'https'): EnvProxy | undefined {
  const names = [`${scheme}_proxy`, `${scheme.toUpperCase()}_PROXY`, 'all_proxy', 'ALL_PROXY'];
  const text = names.map((name) => env[name]).find((value) => value !== undefined && value !== '');
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The text may hold a credential: it is not repeated.
  if (url?.protocol !== 'http:')
    throw new Error(`${names[0]} is not an http:// URL; only those are supported`);
  return {
    hostname: bare(url.hostname),
    port: Number(url.port || '80'),
    ...(url.username === '' ? {} : { authorization: basic(url) }),
  };
}

function basic({ username, password }: URL): string {
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** `*`, `name`, `.name` (name and all below it), each with an optional `:port`. */
function isExcepted(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const [, name = '', only] = /^\.?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
  if (only !== undefined && Number(only) !== port) return false;
  return name !== '' && (host === name || host.endsWith(`.${name}`));
}

export function bare(hostname: string): string {
  return hostname.toLowerCase().replace(/^\[|\]$/g, '');
}

/** `host:port` as CONNECT and absolute URLs write it. */
export function authorityOf(hostname: string, port: number): string {
  return hostname.includes(':') ? `[${bare(hostname)}]:${port}` : `${hostname}:${port}`;
}
