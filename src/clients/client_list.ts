/** The clients that `clawgress trust --for` knows. */
export const CLIENT_KINDS = ['node', 'python', 'curl', 'git', 'java', 'cargo', 'apt', 'system'] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

export function isClientKind(text: string): text is ClientKind {
  return CLIENT_KINDS.some((kind) => kind === text);
}

export interface ClientEntry {
  readonly kind: ClientKind;
  readonly title: string;
  /** Where the program keeps whom it trusts. */
  readonly trust: string;
  /** What `trust install` writes; undefined: there is no file for it, only variables. */
  readonly installs?: string;
  /** What stays uncovered, whatever is set. */
  readonly not_covered: string;
}

/** One table for the command line and for docs/clients.md. */
export const CLIENTS: readonly ClientEntry[] = [
  {
    kind: 'node',
    title: 'Node.js',
    trust: 'roots built into Node, plus `NODE_EXTRA_CA_CERTS`, read once at the start',
    not_covered:
      'programs with agents or dispatchers of their own; a `NODE_OPTIONS` that the program sets for its children; Node older than 18.18',
  },
  {
    kind: 'python',
    title: 'Python: urllib, requests, httpx, pip',
    trust:
      'OpenSSL’s file for urllib, certifi for requests, pip and httpx; `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE`, `PIP_CERT`',
    not_covered: 'raw sockets; aiohttp without `trust_env=True`; sessions with `trust_env = False`',
  },
  {
    kind: 'curl',
    title: 'curl',
    trust: 'the system’s bundle, or `CURL_CA_BUNDLE`',
    installs: 'a marked block with `cacert` in `~/.curlrc`',
    not_covered: '`curl -q`, `--noproxy`; programs on libcurl do not read `CURL_CA_BUNDLE`',
  },
  {
    kind: 'git',
    title: 'git over http(s)',
    trust: '`http.sslCAInfo`, or `GIT_SSL_CAINFO`',
    installs: '`http.sslCAInfo` in the user’s git configuration',
    not_covered:
      '`ssh://` and `git://` remotes; a repository with `http.proxy` or `http.sslCAInfo` of its own',
  },
  {
    kind: 'java',
    title: 'Java',
    trust: 'the key store `cacerts` of the JDK, or `javax.net.ssl.trustStore`',
    installs:
      'a copy of `cacerts` with our CA, named by `JAVA_TOOL_OPTIONS`; with `--keystore`, an entry in that store',
    not_covered:
      'the credential: Java takes none from settings, the program must set an `Authenticator`; HTTP clients without the system’s proxy settings',
  },
  {
    kind: 'cargo',
    title: 'cargo',
    trust: '`http.cainfo`, or `CARGO_HTTP_CAINFO`',
    installs: 'a marked block with `[http] cainfo` in `$CARGO_HOME/config.toml`',
    not_covered: 'build scripts with network code of their own',
  },
  {
    kind: 'apt',
    title: 'apt',
    trust: 'the system’s store, or `Acquire::https::CAInfo`',
    installs: 'the same as `system`',
    not_covered:
      '`Acquire::http::Proxy` in `/etc/apt`, which wins over the variables; `sudo apt`, which drops them',
  },
  {
    kind: 'system',
    title: 'system store (Debian, Ubuntu)',
    trust: '`/etc/ssl/certs`, made by `update-ca-certificates`',
    installs: '`/usr/local/share/ca-certificates/clawgress-*.crt`, as root',
    not_covered: 'programs with roots of their own: Node, Java, Python requests, browsers',
  },
];

export function clientEntry(kind: ClientKind): ClientEntry {
  const found = CLIENTS.find((entry) => entry.kind === kind);
  if (found === undefined) throw new Error(`no entry for ${kind}`);
  return found;
}
