import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Running, startClawgress } from '../../support/running.ts';
import { CLI } from './world.ts';

export const AGENT_UID = 64_124;
/** Without folders of one user, which others must not even search. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Who runs the gateway and the command: this user, or, when that is root, also an ordinary one. */
export interface Who {
  readonly name: string;
  readonly uid: number;
  readonly through: readonly string[];
}

export function whoever(): readonly Who[] {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return [{ name: `user ${uid}`, uid, through: [] }];
  const become = [
    'setpriv',
    `--reuid=${AGENT_UID}`,
    `--regid=${AGENT_UID}`,
    '--clear-groups',
    '--inh-caps=-all',
  ];
  return [
    { name: 'root', uid: 0, through: [] },
    { name: 'an ordinary user', uid: AGENT_UID, through: become },
  ];
}

/** Why nothing can be shown here; undefined: it can. */
export function missing(who: Who): string | undefined {
  const tools = ['unshare', 'setpriv', 'ip', 'nsenter', 'python3', 'curl'];
  const absent = tools.filter((tool) => spawnSync('which', [tool]).status !== 0);
  if (absent.length > 0) return `${absent.join(', ')} not installed`;
  const [test = 'test', ...isReadable] = [...who.through, 'test', '-r', CLI];
  if (spawnSync(test, isReadable).status !== 0) return `${who.name} cannot read this checkout`;
  const command = [...who.through, 'unshare', ...(who.uid === 0 ? ['-n'] : ['-Urn']), 'true'];
  const tried = spawnSync(command[0] ?? '', command.slice(1), { encoding: 'utf8' });
  return tried.status === 0 ? undefined : `no namespaces for ${who.name}: ${tried.stderr.trim()}`;
}

/** What a command could reach on this host if it were let: each says who it is to whoever comes. */
export interface Outside {
  readonly places: Readonly<Record<'tcp' | 'udp', number> & Record<'address' | 'abstract' | 'path', string>>;
  close(): void;
}

async function openOutside(dir: string, uid: number): Promise<Outside> {
  const greet = () => createServer((socket) => socket.on('error', () => {}).end('outside'));
  const abstract = `cg-confined-${randomBytes(8).toString('hex')}`;
  const path = join(dir, 'path.sock');
  const tcp = greet();
  const servers = [tcp, greet(), greet()];
  const udp = createSocket('udp4', (_bytes, from) => udp.send('outside', from.port, from.address));
  await listening(tcp, { port: 0, host: '0.0.0.0' });
  await listening(servers[1], { path: `\0${abstract}` });
  await listening(servers[2], { path });
  chownSync(path, uid, uid);
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
  const address = tcp.address();
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const host = own.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
  return {
    places: {
      tcp: typeof address === 'object' ? (address?.port ?? 0) : 0,
      udp: udp.address().port,
      address: host,
      abstract,
      path,
    },
    close: () => {
      for (const server of servers) server.close();
      udp.close();
    },
  };
}

function listening(server: Server | undefined, where: { port?: number; host?: string; path?: string }) {
  return new Promise<void>((resolve) => server?.listen(where, resolve));
}

export interface ConfinedWorld {
  readonly running: Running;
  readonly outside: Outside;
  /** Temporary files of `run` go here, so that nothing of others is counted. */
  readonly temp: string;
  env(more?: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
  /** `clawgress run` with these flags; `--intercept` unless told otherwise. */
  start(command: readonly string[], options?: StartOptions): ChildProcess;
  run(command: readonly string[], options?: StartOptions): Promise<Ran>;
  close(): Promise<void>;
}

export interface StartOptions {
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
}

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export async function openWorld(who: Who): Promise<ConfinedWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'cg-confined-'));
  const temp = mkdtempSync(join(dir, 'tmp-'));
  for (const folder of [dir, temp]) {
    chownSync(folder, who.uid, who.uid);
    // Somebody else, whom the command may become, has to get through to its files.
    chmodSync(folder, 0o755);
  }
  const stateDir = join(dir, 'state');
  const running = await startClawgress({ stateDir, through: who.through }).catch((error: unknown) => {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  });
  const outside = await openOutside(dir, who.uid);
  const env = (more: NodeJS.ProcessEnv = {}) => ({
    PATH: SYSTEM_PATH,
    HOME: dir,
    TMPDIR: temp,
    ...more,
  });
  const start = (command: readonly string[], { flags = ['--intercept'], ...options }: StartOptions = {}) => {
    const [program = CLI, ...args] = [
      ...who.through,
      CLI,
      'run',
      '--state-dir',
      stateDir,
      ...flags,
      '--',
      ...command,
    ];
    const child = spawn(program, args, { env: env(options.env), cwd: dir, stdio: 'pipe' });
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');
    return child;
  };
  return {
    running,
    outside,
    temp,
    env,
    start,
    run: (command, options) => ended(start(command, options)),
    close: async () => {
      outside.close();
      await running.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function ended(child: ChildProcess): Promise<Ran> {
  return new Promise((resolve) => {
    let [out, err] = ['', ''];
    child.stdout?.on('data', (part: Buffer) => (out += part.toString()));
    child.stderr?.on('data', (part: Buffer) => (err += part.toString()));
    child.once('close', (code) => resolve({ code, out, err }));
  });
}
