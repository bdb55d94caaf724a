import { AGENT, HEADER_AGENT, HOST, OWN_UID } from './spaces.ts';
import type { Ran, Redirected, Who } from './world.ts';

/** Addresses that the agents' resolver could give out; nothing answers there. */
export const SYNTHETIC = { four: '198.18.5.5', six: 'fd63:6761::5' } as const;
export type Family = keyof typeof SYNTHETIC;

export interface Fetch {
  readonly who: Who;
  readonly family?: Family;
  /** As the client has it; `api.example` by default. */
  readonly host?: string;
  readonly path: string;
  readonly scheme?: 'http' | 'https';
  /** What it trusts; nothing by default. */
  readonly ca?: string;
  readonly args?: readonly string[];
}

const SOURCES: Readonly<Partial<Record<Who, Readonly<Record<Family, string>>>>> = {
  header: { four: '10.93.0.3', six: 'fd93::3' },
};

/** curl, to a host whose name it believes to have a synthetic address. */
export function fetchAs(world: Redirected, fetch: Fetch): Promise<Ran> {
  const { who, family = 'four', host = 'api.example', path, scheme = 'http', ca, args = [] } = fetch;
  const port = scheme === 'http' ? 80 : 443;
  const resolve = ['--resolve', `${host}:${port}:${SYNTHETIC[family]}`];
  const source = SOURCES[who]?.[family];
  return world.as(
    who,
    ...['curl', '-sS', '-m', '60', ...resolve],
    ...(source === undefined ? [] : ['--interface', source]),
    ...(ca === undefined ? [] : ['--cacert', ca]),
    ...args,
    `${scheme}://${host}${path}`,
  );
}

/** A TLS handshake to port 443 of the synthetic address, and its end; what openssl said. */
export function greetAs(world: Redirected, who: Who, ...args: readonly string[]): Promise<Ran> {
  const source = SOURCES[who]?.four;
  const from = source === undefined ? [] : ['-bind', `${source}:0`];
  const command = ['openssl', 's_client', '-connect', `${SYNTHETIC.four}:443`, ...from, ...args];
  return world.as(who, 'sh', '-c', 'echo Q | timeout 60 "$@" 2>&1', 'sh', ...command);
}

/** What is known of a connection by the way it came. */
export const KNOWN = {
  own: { transport: 'loopback', source_identity: `uid:${OWN_UID}`, from: HOST },
  routed: { transport: 'plaintext', source_identity: 'address', from: AGENT },
  shared: { transport: 'loopback', source_identity: 'none', from: HOST },
  header: { transport: 'plaintext', source_identity: 'none', from: HEADER_AGENT },
} as const;
