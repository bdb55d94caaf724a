import fc from 'fast-check';
import { type Guard, type GuardInput, parseGuard } from '../../../../src/intercept_host/nftables/guard.ts';

export const LOOPBACK = { key: 'explicit_proxy', address: '127.0.0.1', port: 3128 };
export const EVERYWHERE = { key: 'base_url', address: '0.0.0.0', port: 8088 };

export const NOBODY: GuardInput = {
  agent_uids: [],
  agent_gids: [],
  agent_interfaces: [],
  agent_cidrs: [],
  allow: [],
  log_denied: false,
  gateway_uid: 990,
  listeners: [LOOPBACK, EVERYWHERE],
  transparent: { uid_listeners: [] },
  resolver: { address: '127.0.0.1' },
};

export function guard(input: Partial<GuardInput>): Guard {
  const parsed = parseGuard({ ...NOBODY, ...input });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problem));
  return parsed.value;
}

const range = fc
  .tuple(fc.integer({ min: 1000, max: 4_000_000_000 }), fc.nat(70_000))
  .map(([first, more]) => (more === 0 ? String(first) : `${first}-${first + more}`));
const listener = fc.record({
  key: fc.constant('explicit_proxy'),
  address: fc.constantFrom('127.0.0.1', '::1', '0.0.0.0', '::', '10.92.0.1', 'fd92::1'),
  port: fc.integer({ min: 1, max: 65_535 }),
});
const port = fc.integer({ min: 1, max: 65_535 });
const maybe = <T>(key: string, one: fc.Arbitrary<T>) =>
  fc.option(one, { nil: undefined }).map((value) => (value === undefined ? {} : { [key]: value }));
/** Few users, so that `agent_uids` often holds them: a listener for anybody else is refused. */
const transparent = fc
  .tuple(
    maybe('redirect_port', port),
    maybe('tproxy_port', port),
    fc.uniqueArray(fc.record({ uid: fc.constantFrom(2001, 2002, 2003), port }), {
      maxLength: 3,
      selector: ({ uid }) => uid,
    }),
  )
  .map(([redirect, tproxy, uid_listeners]) => ({ ...redirect, ...tproxy, uid_listeners }));
const resolver = fc
  .tuple(fc.constantFrom('127.0.0.1', '::1', '10.92.0.1', 'fd92::1'), maybe('port', port))
  .map(([address, rest]) => ({ address, ...rest }));
const list = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 4 });

/** Inputs of every shape that settings can have; those that name nobody included. */
export const inputs: fc.Arbitrary<GuardInput> = fc.record({
  agent_uids: fc.oneof(list(range), fc.constant(['2001-2003'])),
  agent_gids: list(range),
  agent_interfaces: list(fc.constantFrom('agents0', 'br-1a2b3c4d5e6f', 'veth1.100')),
  agent_cidrs: list(fc.constantFrom('10.92.0.0/24', '10.92.0.0/16', 'fd92::/64', '10.92.0.7')),
  allow: list(fc.constantFrom('tcp:10.1.2.3:5432', 'udp:[fd00::53]:53', 'tcp:10.1.0.0/16:443')),
  log_denied: fc.boolean(),
  gateway_uid: fc.constantFrom(0, 990),
  listeners: fc.array(listener, { minLength: 1, maxLength: 3 }),
  transparent,
  resolver,
});
