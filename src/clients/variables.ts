/** What a variable carries: a value of each kind is made in one place, `clientVariables`. */
type Carries =
  /** The proxy URL, with the credential when there is one. */
  | 'proxy'
  /** Empty: no host is excepted from the proxy. */
  | 'no_exceptions'
  /** A CA file that stands in the place of the program's own roots: it must hold everything. */
  | 'ca_replaces'
  /** A CA file that is read besides the program's own roots: ours alone. */
  | 'ca_adds'
  | 'switch'
  | 'node_preload'
  | 'java_options';

export interface ClientVariable {
  readonly name: string;
  readonly carries: Carries;
  /** Who honours it; shown to people. */
  readonly read_by: string;
}

/** Every variable that `clawgress env` and `clawgress run` set, in the order shown. docs/clients.md lists the same. */
export const CLIENT_VARIABLES: readonly ClientVariable[] = [
  { name: 'http_proxy', carries: 'proxy', read_by: 'curl, wget, git, apt, pip, Python, Go, gRPC' },
  { name: 'HTTP_PROXY', carries: 'proxy', read_by: 'Python, pip, npm, Go, Deno, cargo; not curl' },
  { name: 'https_proxy', carries: 'proxy', read_by: 'curl, wget, git, apt, pip, Python, Go, gRPC' },
  { name: 'HTTPS_PROXY', carries: 'proxy', read_by: 'curl, git, pip, npm, Python, Go, Deno, cargo' },
  { name: 'all_proxy', carries: 'proxy', read_by: 'curl, git, Python requests and httpx' },
  { name: 'ALL_PROXY', carries: 'proxy', read_by: 'curl, git, Python requests and httpx' },
  { name: 'no_proxy', carries: 'no_exceptions', read_by: 'whoever reads the above' },
  { name: 'NO_PROXY', carries: 'no_exceptions', read_by: 'whoever reads the above' },
  { name: 'npm_config_proxy', carries: 'proxy', read_by: 'npm, before its .npmrc' },
  { name: 'npm_config_https_proxy', carries: 'proxy', read_by: 'npm, before its .npmrc' },
  { name: 'CARGO_HTTP_PROXY', carries: 'proxy', read_by: 'cargo, before its config.toml' },
  {
    name: 'NODE_USE_ENV_PROXY',
    carries: 'switch',
    read_by: 'Node 22.21 and 24: fetch; 24.5: http and https too',
  },
  {
    name: 'NODE_OPTIONS',
    carries: 'node_preload',
    read_by: 'older Node, 18.18 at least: our preload, tested with 20',
  },
  { name: 'NODE_EXTRA_CA_CERTS', carries: 'ca_adds', read_by: 'Node, npm; Deno 2.8' },
  { name: 'DENO_CERT', carries: 'ca_adds', read_by: 'Deno' },
  {
    name: 'SSL_CERT_FILE',
    carries: 'ca_replaces',
    read_by: 'OpenSSL: Python ssl, httpx, curl, Ruby; Go (which reads /etc/ssl/certs as well)',
  },
  { name: 'REQUESTS_CA_BUNDLE', carries: 'ca_replaces', read_by: 'Python requests' },
  {
    name: 'CURL_CA_BUNDLE',
    carries: 'ca_replaces',
    read_by: 'the curl program (not libcurl); Python requests',
  },
  { name: 'PIP_CERT', carries: 'ca_replaces', read_by: 'pip' },
  { name: 'GIT_SSL_CAINFO', carries: 'ca_replaces', read_by: 'git' },
  { name: 'CARGO_HTTP_CAINFO', carries: 'ca_replaces', read_by: 'cargo' },
  { name: 'npm_config_cafile', carries: 'ca_replaces', read_by: 'npm' },
  { name: 'AWS_CA_BUNDLE', carries: 'ca_replaces', read_by: 'AWS command line and SDK for Python' },
  {
    name: 'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH',
    carries: 'ca_replaces',
    read_by: 'gRPC for C++, Python and Node',
  },
  { name: 'JAVA_TOOL_OPTIONS', carries: 'java_options', read_by: 'every JVM; never a credential' },
];

export interface ClientSettings {
  /** `http://host:port`, with user and password when the programs shall have the credential. */
  readonly proxy_url: string;
  /** Absolute paths; absent when there is no CA to be told of. */
  readonly ca?: { readonly all: string; readonly own: string };
  /** A key store that `trust install --for java` has made; absolute path. */
  readonly java_trust_store?: string;
  /** URL of the preload file; absent: none. */
  readonly node_preload?: string;
}

type Inherited = Readonly<Record<string, string | undefined>>;

/** The variables for a child whose environment is otherwise `inherited`: options that stand there are kept. */
export function clientVariables(settings: ClientSettings, inherited: Inherited): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const { name, carries } of CLIENT_VARIABLES) {
    const value = valueFor(carries, settings, inherited[name] ?? '');
    if (value !== undefined) variables[name] = value;
  }
  return variables;
}

function valueFor(carries: Carries, settings: ClientSettings, before: string): string | undefined {
  switch (carries) {
    case 'proxy':
      return settings.proxy_url;
    case 'no_exceptions':
      return '';
    case 'ca_replaces':
      return settings.ca?.all;
    case 'ca_adds':
      return settings.ca?.own;
    case 'switch':
      return '1';
    case 'node_preload':
      return settings.node_preload === undefined
        ? undefined
        : appended(before, `--import=${settings.node_preload}`);
    case 'java_options':
      return javaOptions(settings).reduce(appended, before);
  }
}

/** A nested `run` adds nothing twice. */
function appended(before: string, option: string): string {
  if (before.split(' ').includes(option)) return before;
  return before === '' ? option : `${before} ${option}`;
}

/**
 * Address and trust only: a JVM prints these options at its start, so they must not hold a credential. Java refuses
 * Basic for tunnels and spares loopback by default; both are switched off.
 */
function javaOptions({ proxy_url, java_trust_store }: ClientSettings): readonly string[] {
  const { hostname, port } = new URL(proxy_url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const options = ['http', 'https'].flatMap((scheme) => [
    `-D${scheme}.proxyHost=${host}`,
    `-D${scheme}.proxyPort=${port || '80'}`,
  ]);
  options.push('-Dhttp.nonProxyHosts=', '-Djdk.http.auth.tunneling.disabledSchemes=');
  if (java_trust_store !== undefined)
    options.push(javaWord(`-Djavax.net.ssl.trustStore=${java_trust_store}`));
  return options;
}

/** The JVM splits at spaces and knows both quotes, without an escape. */
function javaWord(word: string): string {
  if (!/[\s"']/.test(word)) return word;
  return word.includes('"') ? `'${word}'` : `"${word}"`;
}
