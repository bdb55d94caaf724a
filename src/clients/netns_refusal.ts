/** What is known of a machine on which no namespace could be made. */
export interface NetnsRefusal {
  readonly platform: string;
  /** Names of programs that are not there. */
  readonly missing: readonly string[];
  /** What the last try said on stderr. */
  readonly said: string;
  /** By name; undefined: this kernel does not know it. */
  readonly sysctl: (name: string) => string | undefined;
}

const PACKAGE: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  setpriv: 'util-linux',
  ip: 'iproute2',
};
const SAID_MAX = 200;
const AS_ROOT =
  'or let root start it and become the agent’s user inside: sudo clawgress run --intercept … -- setpriv --reuid=agent --regid=agent --clear-groups <command>';

/** Settings of the kernel that forbid user namespaces, with what sets them free. */
const SWITCHES = [
  { name: 'kernel.apparmor_restrict_unprivileged_userns', off: '1', on: '0', who: 'AppArmor keeps them' },
  { name: 'kernel.unprivileged_userns_clone', off: '0', on: '1', who: 'this kernel keeps them' },
  { name: 'user.max_user_namespaces', off: '0', on: '15000', who: 'this kernel keeps them' },
] as const;

/** Why there is no namespace, and what to do. */
export function explainRefusal(refusal: NetnsRefusal): { readonly problem: string; readonly next: string } {
  const { platform, missing, said, sysctl } = refusal;
  if (platform !== 'linux')
    return {
      problem: `found ${platform}; allowed: Linux, which has network namespaces`,
      next: 'run the agent in a Linux container or virtual machine',
    };
  const [tool] = missing;
  if (tool !== undefined)
    return {
      problem: `${missing.join(' and ')} not found`,
      next: `apt-get install ${PACKAGE[tool] ?? tool}`,
    };
  const problem = `no network namespace can be made here: ${lineOf(said)}`;
  if (/unrecognized option|invalid option/.test(said))
    return { problem, next: 'util-linux 2.36 or newer is needed' };
  const found = SWITCHES.find(({ name, off }) => sysctl(name)?.trim() === off);
  if (found !== undefined)
    return {
      problem: `${problem} (${found.who} from ordinary users: ${found.name}=${found.off})`,
      next: `sudo sysctl -w ${found.name}=${found.on}; ${AS_ROOT}`,
    };
  return {
    problem,
    next: `in a container its seccomp profile may forbid unshare: allow it, or give the agent a container without a network; ${AS_ROOT}`,
  };
}

function lineOf(said: string): string {
  const [line = ''] = said.trim().split('\n');
  const clean = line.replace(/[^ -~]/g, '?').slice(0, SAID_MAX);
  return clean === '' ? 'the try ended without a word' : clean;
}
