import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientKind } from './client_list.ts';

type Inherited = Readonly<Record<string, string | undefined>>;

export interface ProbeRun {
  readonly args: readonly string[];
  /** Beside the client variables; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A tiny real program of one kind that makes one request. */
export interface Probe {
  readonly kind: ClientKind;
  /** A name on PATH, or an absolute path. */
  readonly program: string;
  /** Texts to be written into the scratch folder, by file name. */
  readonly files?: Readonly<Record<string, string>>;
  /** `url` answers GET with 200 and a short text; `scratch` is an empty folder of this run. */
  run(url: string, scratch: string, inherited: Inherited): ProbeRun;
  /** Did the request reach the destination and come back? */
  reached(code: number | null, out: string): boolean;
}

const saysReached = (code: number | null, out: string) => code === 0 && /^reached$/m.test(out);

/** fetch and the http modules are different code in Node; both must do. */
const NODE_PROGRAM = `
const url = process.argv[1];
const viaModule = () => new Promise((resolve, reject) => require(url.startsWith('https') ? 'https' : 'http')
  .get(url, (answer) => { answer.resume(); resolve(answer.statusCode); }).on('error', reject));
const why = (error) => error.cause?.message ?? error.message;
(async () => {
  const fetched = await fetch(url).then((answer) => answer.status, (error) => 'fetch: ' + why(error));
  const asked = await viaModule().catch((error) => 'http: ' + why(error));
  console.log(fetched === 200 && asked === 200 ? 'reached' : fetched + '; ' + asked);
  process.exit(0);
})();`;

/** The standard library, and what else is there. */
const PYTHON_PROGRAM = `
import sys, urllib.request
url, answers = sys.argv[1], []
def attempt(name, call):
    try: answers.append((name, call()))
    except Exception as e: answers.append((name, str(e)))
attempt('urllib', lambda: urllib.request.urlopen(url, timeout=20).status)
try:
    import requests
    attempt('requests', lambda: requests.get(url, timeout=20).status_code)
except ImportError: pass
try:
    import httpx
    attempt('httpx', lambda: httpx.get(url, timeout=20).status_code)
except ImportError: pass
bad = [f'{name}: {answer}' for name, answer in answers if answer != 200]
print('; '.join(bad) if bad else 'reached')
`;

/** Java has no setting for the proxy's credential: this is the code that every program needs. */
const JAVA_PROGRAM = `
import java.net.*;
class Probe {
  public static void main(String[] args) throws Exception {
    String user = URI.create(System.getenv("HTTPS_PROXY")).getUserInfo();
    if (user != null) Authenticator.setDefault(new Authenticator() {
      protected PasswordAuthentication getPasswordAuthentication() {
        String[] pair = user.split(":", 2);
        return new PasswordAuthentication(pair[0], pair[1].toCharArray());
      }
    });
    int status = ((HttpURLConnection) URI.create(args[0]).toURL().openConnection()).getResponseCode();
    System.out.println(status == 200 ? "reached" : "status " + status);
  }
}`;

const CURL_ARGS = ['-sS', '-m', '20', '-o', '/dev/null', '-w', '%{http_code}'];
const curlReached = (code: number | null, out: string) => code === 0 && /^200$/m.test(out);

export const PROBES: readonly Probe[] = [
  {
    kind: 'node',
    program: 'node',
    run: (url) => ({ args: ['-e', NODE_PROGRAM, url] }),
    reached: saysReached,
  },
  {
    kind: 'python',
    program: 'python3',
    run: (url) => ({ args: ['-c', PYTHON_PROGRAM, url] }),
    reached: saysReached,
  },
  { kind: 'curl', program: 'curl', run: (url) => ({ args: [...CURL_ARGS, url] }), reached: curlReached },
  {
    kind: 'git',
    program: 'git',
    run: (url) => ({
      args: ['ls-remote', `${url}/repository.git`],
      env: { GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
    }),
    // The answer is no repository, and only somebody who got the answer can say so.
    reached: (_code, out) => /not valid: is this a git repository|repository '.*' not found/.test(out),
  },
  {
    kind: 'java',
    program: 'java',
    files: { 'Probe.java': JAVA_PROGRAM },
    run: (url, scratch) => ({ args: [join(scratch, 'Probe.java'), url] }),
    reached: saysReached,
  },
  {
    kind: 'cargo',
    program: 'cargo',
    run: cargoRun,
    // The answer is no registry's configuration, and only somebody who got the answer can say so.
    reached: (_code, out) =>
      /expected value at line 1|failed to parse|HTTP 404|config\.json not found/.test(out),
  },
  {
    kind: 'apt',
    program: '/usr/lib/apt/apt-helper',
    run: (url, scratch) => ({ args: ['download-file', url, join(scratch, 'fetched')], env: { LC_ALL: 'C' } }),
    reached: (code, out) => code === 0 && /^Fetched /m.test(out),
  },
  {
    kind: 'system',
    program: 'curl',
    run: (url) => ({
      args: ['-q', ...CURL_ARGS, url],
      env: { CURL_CA_BUNDLE: undefined, SSL_CERT_FILE: undefined, SSL_CERT_DIR: undefined },
    }),
    reached: curlReached,
  },
];

/** A home of its own, so that no index of a registry is left behind; the user's configuration still counts. */
function cargoRun(url: string, scratch: string, inherited: Inherited): ProbeRun {
  const home = inherited['CARGO_HOME'] ?? join(inherited['HOME'] ?? '/', '.cargo');
  const config = join(home, 'config.toml');
  return {
    args: [
      ...(existsSync(config) ? ['--config', config] : []),
      ...['--config', `registries.probe.index='sparse+${url}/'`, 'info', '--registry', 'probe', 'probe'],
    ],
    env: { CARGO_HOME: scratch, CARGO_NET_RETRY: '0' },
  };
}
