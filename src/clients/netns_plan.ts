/** How a command gets a network of its own, with nothing in it but two ports that lead to the gateway. */
export type NetnsMode =
  /** A user namespace gives the right to make one, and is the cage's lock: nobody inside has a right outside. */
  | 'user_namespace'
  /** Root makes one as it is; what could leave it again is taken from the command for good. */
  | 'root';

/** Needed besides Node: unshare and setpriv are of util-linux, ip is of iproute2. */
export const NETNS_TOOLS = ['unshare', 'setpriv', 'ip'] as const;
/** Users have not always the folder of `ip` in their path. */
export const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];

const UNSHARE: Readonly<Record<NetnsMode, readonly string[]>> = {
  user_namespace: ['--user', '--map-current-user', '--keep-caps', '--net'],
  root: ['--net'],
};

/** What root in a container has, without raw sockets and device files: enough to install packages, too little to leave. */
const ROOT_KEEPS = [
  ...['chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap'],
  ...['net_bind_service', 'sys_chroot', 'setfcap', 'audit_write'],
];
const BOUNDING: Readonly<Record<NetnsMode, string>> = {
  user_namespace: '-all',
  root: ['-all', ...ROOT_KEEPS.map((name) => `+${name}`)].join(','),
};

const LOOPBACK_UP = `PATH="$PATH:${SYSTEM_FOLDERS.join(':')}" ip link set lo up`;

/**
 * Each step replaces the one before, so that the command is the child that is waited for: its signals, its exit code
 * and its terminal are those of an ordinary child. Descriptor 3 is the channel over which the listener hands its
 * sockets out of the namespace; the command does not get it. `$1` to `$4`: node, the listener, both ports.
 */
const SET_UP = [
  'set -e',
  LOOPBACK_UP,
  'NODE_OPTIONS= "$1" "$2" "$3" "$4"',
  'exec 3>&-',
  'unset NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE',
  'bounding=$5',
  'shift 5',
  'exec setpriv --pdeathsig KILL --ambient-caps=-all --inh-caps=-all --bounding-set="$bounding" -- "$@"',
].join('\n');

export interface NetnsCommand {
  /** Absolute path. */
  readonly node: string;
  /** Absolute path of the compiled `netns_listener`. */
  readonly listener: string;
  /** Ports of 127.0.0.1 inside: the explicit proxy, the base URL. */
  readonly ports: readonly [number, number];
  readonly command: readonly string[];
}

/** Arguments of `unshare`. The standard streams pass; descriptor 3 must be a channel of Node. */
export function netnsArguments(
  mode: NetnsMode,
  { node, listener, ports, command }: NetnsCommand,
): readonly string[] {
  const own = [node, listener, ...ports.map(String), BOUNDING[mode]];
  return [...UNSHARE[mode], '--', 'sh', '-c', SET_UP, 'sh', ...own, ...command];
}

/** The same namespaces, and everything in them that needs a right; fails where they cannot be had. */
export function netnsTrial(mode: NetnsMode): readonly string[] {
  const drop = `exec setpriv --ambient-caps=-all --bounding-set="$1" -- true`;
  return [...UNSHARE[mode], '--', 'sh', '-c', `set -e\n${LOOPBACK_UP}\n${drop}`, 'sh', BOUNDING[mode]];
}
