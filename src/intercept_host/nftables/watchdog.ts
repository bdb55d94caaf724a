import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';
import { findProgram } from './nft.ts';

/**
 * Waits, then puts the previous rules back unless the folder of the change has gone. It is a shell script of its own,
 * because it must outlive the command that started it, its terminal, and an upgrade of this program in between.
 * Whoever renames the folder first has decided: confirmation and rollback cannot both win.
 */
export const WATCHDOG_SCRIPT = `dir=$1 token=$2 left=$3 nft=$4 ip=$5
while [ "$left" -gt 0 ]; do
  sleep 1
  [ -d "$dir/pending-$token" ] || exit 0
  left=$((left - 1))
done
mv "$dir/pending-$token" "$dir/rolling-$token" 2>/dev/null || exit 0
insist() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 10 ] || exit 1
    sleep 1
  done
}
route() { [ -z "$ip" ] || /bin/sh "$dir/rolling-$token/previous-route.sh" "$ip"; }
# Rules that divert want their route first; but nothing about routes may keep the rules from coming back.
route
insist "$nft" -f "$dir/rolling-$token/previous.nft"
insist route
rm -rf "$dir/rolled-back"
mv "$dir/rolling-$token" "$dir/rolled-back"
`;

export interface Watch {
  /** The script, in the folder of the change. */
  readonly script: string;
  readonly dir: string;
  readonly token: string;
  readonly seconds: number;
  readonly nft: string;
  /** Path of `ip`; empty when it is not installed. */
  readonly ip: string;
}

export type WatchdogKind = 'systemd' | 'detached';

/** Starts the watchdog and says how. Throws when it does not start: nothing may be changed then. */
export function startWatchdog(watch: Watch): WatchdogKind {
  const command = [
    '/bin/sh',
    watch.script,
    watch.dir,
    watch.token,
    String(watch.seconds),
    watch.nft,
    watch.ip,
  ];
  return startedBySystemd(watch.token, command) ? 'systemd' : startDetached(command);
}

/** A unit of its own survives the end of the login session, which may kill everything that was started in it. */
function startedBySystemd(token: string, command: readonly string[]): boolean {
  const program = findProgram('systemd-run');
  if (program === undefined || !existsSync('/run/systemd/system') || !isHostNamespace()) return false;
  const done = spawnSync(program, systemdArguments(token, command), { stdio: 'ignore' });
  return done.status === 0;
}

export function systemdArguments(token: string, command: readonly string[]): readonly string[] {
  const description = '--description=Clawgress: roll back unconfirmed nftables rules';
  return [
    '--quiet',
    '--collect',
    `--unit=clawgress-nftables-rollback-${token}`,
    description,
    '--',
    ...command,
  ];
}

/** A unit runs in the network namespace of process 1; in any other one it would mend the wrong rules. */
function isHostNamespace(): boolean {
  return readlinkSync('/proc/self/ns/net') === readlinkSync('/proc/1/ns/net');
}

/** In a session of its own: no terminal can hang up on it, no signal to the caller's group reaches it. */
function startDetached(command: readonly string[]): WatchdogKind {
  const [program = '/bin/sh', ...args] = command;
  const env = { PATH: '/usr/sbin:/sbin:/usr/bin:/bin' };
  const child = spawn(program, args, { detached: true, stdio: 'ignore', cwd: '/', env });
  if (child.pid === undefined) throw new Error('the process that would roll back did not start');
  child.unref();
  return 'detached';
}
