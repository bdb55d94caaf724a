import { parseAddressBlock } from '../core/dns/synthetic.ts';
import { type ConfigProblem, shown } from './problem.ts';
import type { ResolverSettings, Settings, TransparentSettings } from './settings.ts';

interface Reader {
  text(key: string): string;
  texts(key: string): readonly string[];
  number(key: string): number;
  has(key: string): boolean;
}

const UID_MAX = 4_294_967_294;
const PORT_MAX = 65_535;

export function transparentSettings(read: Reader): TransparentSettings {
  return {
    ...(read.has('transparent.redirect_port')
      ? { redirect_port: read.number('transparent.redirect_port') }
      : {}),
    uid_listeners: read.texts('transparent.uid_listeners').map(uidListener),
    ...(read.has('transparent.tproxy_port') ? { tproxy_port: read.number('transparent.tproxy_port') } : {}),
    tproxy_identity: read.text('transparent.tproxy_identity') as TransparentSettings['tproxy_identity'],
  };
}

export function resolverSettings(read: Reader): ResolverSettings {
  return {
    ...(read.has('resolver.port') ? { port: read.number('resolver.port') } : {}),
    address: read.text('resolver.address'),
    ipv4_block: read.text('resolver.ipv4_block'),
    ipv6_block: read.text('resolver.ipv6_block'),
  };
}

/** The table of keys has checked the form; what is out of range is found by `transparentProblems`. */
function uidListener(text: string): { readonly uid: number; readonly port: number } {
  const [uid, port] = text.split('=').map(Number);
  return { uid: uid ?? Number.NaN, port: port ?? Number.NaN };
}

/** Every listener of transparent mode with the key that names it. */
export function transparentPorts({ transparent }: Pick<Settings, 'transparent'>): readonly {
  readonly key: string;
  readonly port: number;
}[] {
  const { redirect_port, uid_listeners, tproxy_port } = transparent;
  return [
    ...(redirect_port === undefined ? [] : [{ key: 'transparent.redirect_port', port: redirect_port }]),
    ...uid_listeners.map(({ port }) => ({ key: 'transparent.uid_listeners', port })),
    ...(tproxy_port === undefined ? [] : [{ key: 'transparent.tproxy_port', port: tproxy_port }]),
  ];
}

/** Two agents behind one listener could not be told apart, and a block of the other family answers nothing. */
export function transparentProblems(settings: Settings): ConfigProblem[] {
  return [...listenerProblems(settings), ...portProblems(settings), ...blockProblems(settings)];
}

function listenerProblems({ transparent }: Settings): ConfigProblem[] {
  const seen = new Set<number>();
  return transparent.uid_listeners.flatMap(({ uid, port }) => {
    const isRepeated = seen.has(uid);
    seen.add(uid);
    const isGood = uid <= UID_MAX && port >= 1 && port <= PORT_MAX;
    if (isGood && !isRepeated) return [];
    const found = isGood ? `user id ${uid} twice` : shown(`${uid}=${port}`);
    return [problem('transparent.uid_listeners', found, 'each user id once, with a port from 1 to 65535')];
  });
}

function portProblems(settings: Settings): ConfigProblem[] {
  const taken = new Map([
    [settings.explicit_proxy.port, 'explicit_proxy.port'],
    [settings.base_url.port, 'base_url.port'],
    [settings.metrics.port, 'metrics.port'],
  ]);
  const { port: resolver } = settings.resolver;
  const all = [
    ...transparentPorts(settings),
    ...(resolver === undefined ? [] : [{ key: 'resolver.port', port: resolver }]),
  ];
  return all.flatMap(({ key, port }) => {
    const other = taken.get(port);
    taken.set(port, key);
    if (other === undefined) return [];
    return [problem(key, `${port}, which ${other} has too`, 'a different port for each listener')];
  });
}

function blockProblems({ resolver }: Settings): ConfigProblem[] {
  const wrong = [
    ['resolver.ipv4_block', resolver.ipv4_block, 4],
    ['resolver.ipv6_block', resolver.ipv6_block, 6],
  ] as const;
  return wrong
    .filter(([, block, family]) => parseAddressBlock(block)?.family !== family)
    .map(([key, block, family]) =>
      problem(key, shown(block), `an IPv${family} network without bits set below its length`),
    );
}

function problem(key: string, found: string, allowed: string): ConfigProblem {
  return { where: 'configuration', key, found, allowed };
}
