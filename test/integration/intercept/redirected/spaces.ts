import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

/** Users of the host whose connections are redirected: to a listener of their own, and to the one for all. */
export const OWN_UID = 2001;
export const SHARED_UID = 2002;
export const PORTS = { shared: 15001, own: 15011, tproxy: 15002, tproxyHeader: 15003 } as const;
/** The host, and a machine behind it whose connections pass through it. */
export const HOST = { four: '10.93.0.1', six: 'fd93::1' } as const;
export const AGENT = { four: '10.93.0.2', six: 'fd93::2' } as const;
/** A second address of that machine, whose requests tell who is asking. */
export const HEADER_AGENT = { four: '10.93.0.3', six: 'fd93::3' } as const;
/** An address beyond that a rule of `kind: tcp` could name. */
export const ALLOWED = { four: '10.94.0.9', six: 'fd94::9' } as const;

const IP = 'ip';

export function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'SKIPPED: needs root for network namespaces';
  const lacking = ['ip', 'nft', 'setpriv', 'curl', 'openssl', 'python3'].filter(
    (name) => spawnSync('which', [name]).status !== 0,
  );
  return lacking.length > 0 ? `SKIPPED: not installed: ${lacking.join(', ')}` : undefined;
}

export interface Spaces {
  readonly host: string;
  readonly agent: string;
  close(): void;
}

/** agent ─ host. Everything that agents send is redirected on the host; there is nothing beyond it. */
export function openSpaces(): Spaces {
  const id = randomBytes(3).toString('hex');
  const [host, agent] = [`cgth${id}`, `cgta${id}`];
  const close = (): void => {
    for (const name of [host, agent]) spawnSync(IP, ['netns', 'del', name]);
  };
  try {
    build(host, agent);
  } catch (error) {
    close();
    throw error;
  }
  return { host, agent, close };
}

function build(host: string, agent: string): void {
  for (const name of [host, agent]) {
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
  }
  ip('-n', host, 'link', 'add', 'agents0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', agent);
  address(host, 'agents0', HOST);
  address(agent, 'eth0', AGENT);
  address(agent, 'eth0', HEADER_AGENT);
  // A way out for the host's own users, without which nothing would be sent at all.
  ip('-n', host, 'route', 'add', 'default', 'via', AGENT.four);
  ip('-n', host, '-6', 'route', 'add', 'default', 'via', AGENT.six);
  address(host, 'lo', ALLOWED);
  // To be chosen by name only.
  ip('-n', agent, 'addr', 'change', `${HEADER_AGENT.six}/64`, 'dev', 'eth0', 'preferred_lft', '0');
  ip('-n', agent, 'route', 'add', 'default', 'via', HOST.four);
  ip('-n', agent, '-6', 'route', 'add', 'default', 'via', HOST.six);
  for (const six of [[], ['-6']]) {
    ip('-n', host, ...six, 'rule', 'add', 'fwmark', '1', 'lookup', '100');
    ip('-n', host, ...six, 'route', 'add', 'local', 'default', 'dev', 'lo', 'table', '100');
  }
  run([IP, 'netns', 'exec', host, 'nft', '-f', '-'], RULES);
}

/** Redirects and nothing else: what is refused beside them is another suite's business. */
const RULES = `table inet redirected {
  chain own { type nat hook output priority -100; policy accept;
    meta skuid ${OWN_UID} tcp dport { ${PORTS.own}, ${PORTS.shared} } accept
    meta skuid ${OWN_UID} meta l4proto tcp redirect to :${PORTS.own}
    meta skuid ${SHARED_UID} meta l4proto tcp redirect to :${PORTS.shared}
  }
  chain routed { type filter hook prerouting priority mangle; policy accept;
    iifname != "agents0" accept
    ip saddr ${HEADER_AGENT.four} meta l4proto tcp tproxy ip to 127.0.0.1:${PORTS.tproxyHeader} meta mark set 1 accept
    ip6 saddr ${HEADER_AGENT.six} meta l4proto tcp tproxy ip6 to [::1]:${PORTS.tproxyHeader} meta mark set 1 accept
    meta nfproto ipv4 meta l4proto tcp tproxy ip to 127.0.0.1:${PORTS.tproxy} meta mark set 1 accept
    meta nfproto ipv6 meta l4proto tcp tproxy ip6 to [::1]:${PORTS.tproxy} meta mark set 1 accept
  }
}
`;

function address(space: string, device: string, { four, six }: { four: string; six: string }): void {
  ip('-n', space, 'addr', 'add', `${four}/${device === 'lo' ? 32 : 24}`, 'dev', device);
  ip('-n', space, 'addr', 'add', `${six}/${device === 'lo' ? 128 : 64}`, 'dev', device, 'nodad');
  ip('-n', space, 'link', 'set', device, 'up');
}

function ip(...args: readonly string[]): void {
  run([IP, ...args]);
}

function run(command: readonly string[], input = ''): void {
  const [program = '', ...args] = command;
  const done = spawnSync(program, args, { encoding: 'utf8', input });
  if (done.status !== 0) throw new Error(`${command.join(' ')}: ${done.stderr}`);
}
