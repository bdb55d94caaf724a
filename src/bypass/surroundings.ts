import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { TRY_MS } from './dial.ts';
import type { Attempt } from './judge.ts';
import { wideNoProxy } from './places.ts';
import { listenerUid, tellingCapabilities } from './proc_files.ts';
import { wasBrought } from './transparent.ts';
import { type Prober, untested, type World } from './world.ts';

const ABSENT = new Set(['ENOENT', 'ENOTDIR']);
const PROC_BYTES_MAX = 4_194_304;

export const gatewaySockets: Prober = (world) =>
  ifVisible(world, () => Promise.all(world.state.sockets.map(reach)));

/** An open or failed connection; nothing is sent. */
function reach(path: string): Promise<Attempt> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const done = (verdict: Attempt['verdict'], saw: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ attempt: `connect ${path}`, verdict, saw });
    };
    const timer = setTimeout(() => done('not_tested', 'no answer in time'), TRY_MS);
    socket.on('connect', () => done('leaked', 'connected'));
    socket.on('error', ({ code = 'FAILED' }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED') return done('leaked', 'this user may connect; nobody listens now');
      const isHeld = code === 'EACCES' || code === 'EPERM' || ABSENT.has(code);
      done(isHeld ? 'held' : 'not_tested', ABSENT.has(code) ? 'not there' : code);
    });
  });
}

export const stateFiles: Prober = (world) =>
  ifVisible(world, async () => [
    ...world.state.secret.map((path) => tryAccess(path, constants.R_OK, 'read')),
    ...[world.state.dir, ...world.state.writable].map((path) => tryAccess(path, constants.W_OK, 'write')),
  ]);

function tryAccess(path: string, mode: number, verb: string): Attempt {
  const attempt = `${verb} ${path}`;
  const code = codeOf(() => accessSync(path, mode));
  if (code === undefined) return { attempt, verdict: 'leaked', saw: `this user may ${verb} it` };
  const isHeld = code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || ABSENT.has(code);
  return {
    attempt,
    verdict: isHeld ? 'held' : 'not_tested',
    saw: ABSENT.has(code) ? 'not there' : `refused (${code})`,
  };
}

/** A folder that was guessed and is not there proves nothing about the real one. */
async function ifVisible(
  { state }: World,
  look: () => Promise<readonly Attempt[]>,
): Promise<readonly Attempt[]> {
  const code = codeOf(() => statSync(state.dir));
  if (code !== undefined && ABSENT.has(code)) {
    const attempt = `look at ${state.dir}`;
    return state.named
      ? [{ attempt, verdict: 'held', saw: 'not visible here' }]
      : untested(attempt, 'no such folder here: name the state folder with --state-dir');
  }
  return await look();
}

/** The owner of the state folder, and of the proxy's port where that is on this host. */
export const sameUid: Prober = async (world) => {
  const seen = [ownerOfFolder(world), ownerOfPort(world)].filter((attempt) => attempt !== undefined);
  if (seen.length > 0) return seen;
  return untested(
    'owner of the gateway',
    'neither the state folder nor the port of the proxy is visible here',
  );
};

function ownerOfFolder({ state, uid }: World): Attempt | undefined {
  const attempt = `owner of ${state.dir}`;
  try {
    return owned(attempt, statSync(state.dir).uid, uid);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (ABSENT.has(code))
      return state.named ? { attempt, verdict: 'held', saw: 'not visible here' } : undefined;
    return { attempt, verdict: 'held', saw: `not visible here (${code})` };
  }
}

function ownerOfPort({ proxy, uid }: World): Attempt | undefined {
  if (proxy === undefined || !isOwnAddress(proxy.host)) return undefined;
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const owner = listenerUid(readProc(table), proxy.host, proxy.port);
    if (owner !== undefined) return owned(`owner of port ${proxy.port}`, owner, uid);
  }
  return undefined;
}

function owned(attempt: string, owner: number, uid: number): Attempt {
  if (owner === uid) return { attempt, verdict: 'leaked', saw: `SAME_UID: this user (${uid})` };
  return { attempt, verdict: 'held', saw: `user ${owner}; this is user ${uid}` };
}

function isOwnAddress(host: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => address),
  );
  return /^127\./.test(host) || host === '::1' || own.includes(host);
}

export const privileges: Prober = async ({ uid }) => {
  const found = tellingCapabilities(readProc('/proc/self/status'));
  const attempt = 'effective capabilities';
  if (found === undefined) return untested(attempt, '/proc/self/status cannot be read here');
  return [
    found.length === 0
      ? { attempt, verdict: 'held', saw: `none that matters; user ${uid}` }
      : { attempt, verdict: 'leaked', saw: found.join(', ') },
  ];
};

/** The variables only ask; what happens to a client that ignores them is what `direct` and `redirected` found. */
export function proxyVariables(
  { env }: World,
  direct: readonly Attempt[],
  redirected: readonly Attempt[],
): Attempt {
  const attempt = 'HTTP_PROXY, HTTPS_PROXY, NO_PROXY';
  const isSet = (name: string) => [env[name], env[name.toLowerCase()]].some((value) => (value ?? '') !== '');
  const wide = [...wideNoProxy(env['NO_PROXY']), ...wideNoProxy(env['no_proxy'])];
  const unset = ['HTTP_PROXY', 'HTTPS_PROXY'].filter((name) => !isSet(name));
  if (unset.length === 0 && wide.length === 0)
    return { attempt, verdict: 'held', saw: 'set, and NO_PROXY names this machine at most' };
  const saw = unset.length > 0 ? `${unset.join(' and ')} not set` : `NO_PROXY lets past: ${wide.join(' ')}`;
  const isShut = direct.length > 0 && direct.every(({ verdict }) => verdict === 'held');
  if (isShut) return { attempt, verdict: 'held', saw: `${saw}; but nothing gets out directly` };
  const isBrought = redirected.some(wasBrought);
  const isLeak = [...direct, ...redirected].some(({ verdict }) => verdict === 'leaked');
  // Redirection needs no variables, but that it holds on every port is what only a control run shows.
  if (isBrought && !isLeak)
    return {
      attempt,
      verdict: 'not_tested',
      saw: `${saw}; requests are redirected to the gateway: add --control`,
    };
  return { attempt, verdict: 'leaked', saw: `${saw}: clients go around the proxy without meaning to` };
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'FAILED';
  }
}

function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(0, PROC_BYTES_MAX);
  } catch {
    return '';
  }
}
