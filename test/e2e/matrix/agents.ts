import { type ChildProcess, spawn } from 'node:child_process';
import type { Mode, Verdict } from './table.ts';

/** Users of this machine. Each of the first three has a listener; nobody is bound to the third. */
export const UIDS = { free: 2001, limited: 2002, unbound: 2003, byHeader: 2004 } as const;
export type Uid = (typeof UIDS)[keyof typeof UIDS];

/** Who a redirected client runs as. */
export function uidOf(mode: Mode, verdict?: Verdict): Uid {
  if (mode === 'redirected-header') return UIDS.byHeader;
  if (verdict === 'anonymous') return UIDS.unbound;
  return verdict === 'limited' ? UIDS.limited : UIDS.free;
}

/** The ports are this network's alone. */
export const TRANSPARENT_SETTINGS = `transparent:
  redirect_port: 15001
  uid_listeners: ["${UIDS.free}=15011", "${UIDS.limited}=15012", "${UIDS.unbound}=15013"]
resolver: {port: 15053}
interception_host: {agent_uids: ["${UIDS.free}-${UIDS.byHeader}"]}
`;

/** What makes a command this user's. It may read everything, wherever the programs of this machine are installed. */
export function asUser(uid: Uid, command: readonly string[]): readonly string[] {
  const [reads, id] = ['dac_read_search', String(uid)];
  const rights = [`--inh-caps=-all,+${reads}`, `--ambient-caps=+${reads}`];
  return ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', ...rights, ...command];
}

export interface Done {
  readonly code: number | null;
  /** Standard output and error. */
  readonly out: string;
}

export interface Command {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Undefined: this process's own user. */
  readonly uid?: Uid | undefined;
  /** Gets the process. */
  started?(child: ChildProcess): void;
}

/** A client program in a clean environment, with its home in `folder`. */
export function runIn(folder: string, { command, env = {}, uid, started }: Command): Promise<Done> {
  const clean = { PATH: process.env['PATH'] ?? '', HOME: folder, LANG: 'C.UTF-8', ...env };
  const [program = '', ...args] = uid === undefined ? command : asUser(uid, command);
  const child = spawn(program, args, { cwd: folder, env: clean, stdio: ['pipe', 'pipe', 'pipe'] });
  // Most clients have nothing to ask of us.
  if (started === undefined) child.stdin.end();
  child.stdin.on('error', () => undefined);
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (out += chunk.toString('latin1')));
  started?.(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out }));
  });
}
