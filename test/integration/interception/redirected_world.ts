import { execFile, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { eventually, type Running, startClawgress } from '../../support/running.ts';
import { OWN_UID, openSpaces, PORTS, SHARED_UID } from '../intercept/redirected/spaces.ts';

const CLI = fileURLToPath(new URL('../../../bin/clawgress', import.meta.url));
const IP = 'ip';
/** Envoy's resolver answers 127.0.0.1 to it by itself, and the demo's certificate bears it. */
export const NAME = 'demo.localhost';
/** What the agents' resolver could have answered. */
export const DIALLED = { four: '198.18.5.5', six: 'fd63:6761::5' } as const;

/** `own`: the user with a listener; `shared`: the one without; `routed`: a machine behind this host. */
export type Who = 'own' | 'shared' | 'routed';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
  readonly receipt: string;
}

export interface RedirectedWorld {
  readonly running: Running;
  /** Runs a program as this user, in this place. */
  as(who: Who, ...command: readonly string[]): Promise<Ran>;
  /** What curl got; it believes that the name has a synthetic address. Status 0: no answer. */
  curl(who: Who, url: string, ...args: readonly string[]): Promise<Answer>;
  /** One connection with TLS: each call sends a request for the path on it, and gives the status of the answer. */
  connected(who: Who): { ask(path: string): Promise<string>; close(): void };
  cli(...args: readonly string[]): Promise<Ran>;
  records(): NaiveRecord[];
  decision(receipt: unknown): NaiveRecord;
  /** Of a connection that told its client nothing: the first decision that fits. */
  decided(fits: (record: NaiveRecord) => boolean): Promise<NaiveRecord>;
  close(): Promise<void>;
}

/** The whole gateway in a network namespace, with rules that redirect what two users and a machine behind it send. */
export async function startRedirected(): Promise<RedirectedWorld> {
  const spaces = openSpaces();
  const stateDir = mkdtempSync(join(tmpdir(), 'cg-redirected-up-'));
  // Other users have to read what they trust.
  const shared = mkdtempSync(join(tmpdir(), 'cg-redirected-ca-'));
  mkdirSync(join(shared, 'open'), { mode: 0o755 });
  const config = join(stateDir, 'clawgress.yaml');
  writeFileSync(config, SETTINGS);
  writeFileSync(join(stateDir, 'policy.yaml'), POLICY, { mode: 0o600 });
  const removeAll = (): void => {
    spaces.close();
    for (const dir of [stateDir, shared]) rmSync(dir, { recursive: true, force: true });
  };
  const inHost = [IP, 'netns', 'exec', spaces.host];
  const running = await startClawgress({ stateDir, args: ['--config', config], through: inHost }).catch(
    (error: unknown) => {
      removeAll();
      throw error;
    },
  );
  const ca = join(shared, 'ca.pem');
  copyFileSync(running.endpoints.ca_bundle, ca);
  await ran('chmod', ['-R', 'a+rX', shared]);
  const { journal_dir, public_keys } = running.endpoints;
  const records = (): NaiveRecord[] => readJournal(journal_dir, public_keys);
  const placeOf = (who: Who): readonly [user: readonly string[], space: string] => {
    const uid = String(who === 'shared' ? SHARED_UID : OWN_UID);
    const user = ['setpriv', '--reuid', uid, '--regid', uid, '--clear-groups'];
    return [user, who === 'routed' ? spaces.agent : spaces.host];
  };
  const as: RedirectedWorld['as'] = (who, ...command) => {
    const [user, space] = placeOf(who);
    return ran(IP, ['netns', 'exec', space, ...user, ...command]);
  };
  return {
    ...{ running, as, records },
    async curl(who, url, ...args) {
      const { hostname, port, protocol } = new URL(url);
      const at = port || (protocol === 'https:' ? '443' : '80');
      const address = args[0] === '-6' ? DIALLED.six : DIALLED.four;
      const resolve = `${hostname}:${at}:${address}`;
      const { stdout } = await as(
        who,
        ...['curl', '-si', '-m', '60', '--cacert', ca, '--noproxy', '*'],
        ...['--resolve', resolve],
        ...args,
        url,
      );
      const [headers = '', ...body] = stdout.split('\r\n\r\n');
      const status = Number(/^HTTP\/[\d.]+ (\d{3})/.exec(headers)?.[1] ?? 0);
      const receipt = /^x-clawgress-receipt: (\S+)/im.exec(headers)?.[1] ?? '';
      return { status, headers, body: body.join('\r\n\r\n'), receipt };
    },
    connected(who) {
      const [user, space] = placeOf(who);
      const python = ['/usr/bin/python3', '-uc', CONNECTED, DIALLED.four, NAME, ca];
      const child = spawn(IP, ['netns', 'exec', space, ...user, ...python], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      return {
        async ask(path) {
          child.stdin.write(`${path}\n`);
          return String((await lines.next()).value);
        },
        close: () => child.stdin.end(),
      };
    },
    cli: (...args) => ran(CLI, [...args, '--state-dir', stateDir, '--config', config]),
    decision: (receipt) =>
      records().find((one) => one['type'] === 'decision' && one['receipt_id'] === receipt) ?? {},
    decided: (fits) =>
      eventually(() => records().find((one) => one['type'] === 'decision' && fits(one)), 'the decision'),
    async close() {
      await running.stop();
      removeAll();
    },
  };
}

/** Requests for the paths on standard input, all on one connection. */
const CONNECTED = `
import http.client, socket, ssl, sys
address, name, ca = sys.argv[1:]
tls = ssl.create_default_context(cafile=ca).wrap_socket(socket.create_connection((address, 443), 60), server_hostname=name)
connection = http.client.HTTPConnection(name)
connection.sock = tls
connection.auto_open = 0
for line in sys.stdin:
    try:
        connection.request('GET', line.strip())
        answer = connection.getresponse()
        answer.read()
        print(answer.status, answer.headers.get('x-clawgress-receipt'))
    except Exception as error:
        print('error', repr(error))
`;

const SETTINGS = `demo: { address: 127.0.0.1, http_port: 80, https_port: 443 }
transparent:
  redirect_port: ${PORTS.shared}
  uid_listeners: ["${OWN_UID}=${PORTS.own}"]
  tproxy_port: ${PORTS.tproxy}
`;

const POLICY = `schema: clawgress/policy/v1
id: redirected
rules:
  - id: plain
    match: {destination: {hosts: [${NAME}], ports: [80], schemes: [http]}, path_prefixes: [/hello, /json], protocol: {kind: http}}
    action: allow
  - id: inside
    match: {destination: {hosts: [${NAME}], ports: [443], schemes: [https]}, path_prefixes: [/hello], protocol: {kind: http}}
    tls: intercept
    action: allow
  - id: keys-only
    match: {agent: {auth_type: [api_key]}, destination: {hosts: [${NAME}], ports: [80], schemes: [http]}, path_prefixes: [/slow], protocol: {kind: http}}
    action: allow
`;

function ran(program: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(program, args, { encoding: 'latin1' }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });
}
