import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { basic } from '../../support/through_proxy.ts';
import { type Uid, uidOf } from './agents.ts';
import { askNamed, type Named, type NamedAnswer } from './names_client.ts';
import type { Places } from './names_table.ts';
import { hostOf } from './policy.ts';
import { MODES, type Mode } from './table.ts';
import type { MatrixWorld } from './world.ts';

const PROGRAM = fileURLToPath(new URL('./names_client.ts', import.meta.url));

export interface Asker {
  ask(mode: Mode, named: Named): Promise<NamedAnswer>;
  close(): Promise<void>;
}

/** One client for each user that asks, kept while there are questions. */
export function startAsker(world: MatrixWorld): Asker {
  const users = new Map<Uid, { child: ChildProcess; done: Promise<unknown> }>();
  const userOf = (uid: Uid) => {
    const known = users.get(uid);
    if (known !== undefined) return known;
    let started: ChildProcess | undefined;
    const done = world.run({
      command: [process.execPath, '--import', import.meta.resolve('tsx'), PROGRAM],
      env: { TMPDIR: world.folder },
      uid,
      started: (child) => {
        started = child;
      },
    });
    if (started === undefined) throw new Error('not started');
    const user = { child: started, done };
    users.set(uid, user);
    return user;
  };
  return {
    async ask(mode, named) {
      if (MODES[mode].entry !== 'redirected') return await askNamed(named);
      const { child } = userOf(uidOf(mode));
      const line = lineOf(child);
      child.stdin?.write(`${JSON.stringify(named)}\n`);
      return JSON.parse(await line) as NamedAnswer;
    },
    async close() {
      for (const { child, done } of users.values()) {
        child.stdin?.end();
        await done;
      }
    },
  };
}

function lineOf({ stdout }: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const more = (part: Buffer): void => {
      got += part.toString();
      if (!got.includes('\n')) return;
      stdout?.off('data', more);
      resolve(got);
    };
    stdout?.on('data', more);
  });
}

export function placesOf(world: MatrixWorld, mode: Mode): Places {
  const { plain, tls } = world.upstream;
  const { base_url, explicit_proxy } = world.running.endpoints;
  const { entry } = MODES[mode];
  const gateway = new URL(entry === 'base' ? base_url : explicit_proxy);
  const isPlain = mode === 'plain' || mode === 'redirected-plain';
  const agent = world.agent(false);
  const hasKey = entry === 'base' || mode === 'redirected-header';
  return {
    ...{ a: hostOf(mode, 'names-a'), b: hostOf(mode, 'names-b') },
    ...{ p: isPlain ? plain : tls, q: isPlain ? tls : plain },
    gateway: [gateway.hostname, Number(gateway.port)],
    proxyKey: `Proxy-Authorization: ${basic(agent)}`,
    key: hasKey ? { 'x-clawgress-key': agent.api_key } : {},
  };
}

/** In the words of the table. */
export function seenIn(mode: Mode, { connect, status, text }: NamedAnswer): string {
  const code = /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? /details="([A-Z_]+)/.exec(text)?.[1];
  const inside = status === 0 ? 'closed' : code === undefined ? String(status) : `${status} ${code}`;
  return MODES[mode].tunnel !== undefined && MODES[mode].entry === 'proxy'
    ? `CONNECT ${connect}, ${inside}`
    : inside;
}
