import type { ConfigProblem } from './problem.ts';
import type { RecorderSettings, Settings } from './settings.ts';

interface Reader {
  text(key: string): string;
  texts(key: string): readonly string[];
  number(key: string): number;
  has(key: string): boolean;
}

const LISTEN = ['address', 'cert', 'key', 'client_ca'] as const;
const REMOTE = ['host', 'ca', 'cert', 'key', 'server_name'] as const;

/** The recorder for other hosts, or on another host: each only when everything that it needs is set. */
export function elsewhereSettings(read: Reader): Pick<RecorderSettings, 'listen' | 'remote'> {
  const all = (group: string, names: readonly string[]) =>
    names.every((name) => read.has(`recorder.${group}.${name}`));
  const text = (key: string) => read.text(`recorder.${key}`);
  return {
    ...(all('listen', LISTEN)
      ? {
          listen: {
            address: text('listen.address'),
            port: read.number('recorder.listen.port'),
            cert: text('listen.cert'),
            key: text('listen.key'),
            client_ca: text('listen.client_ca'),
            client_names: read.texts('recorder.listen.client_names'),
          },
        }
      : {}),
    ...(all('remote', REMOTE)
      ? {
          remote: {
            host: text('remote.host'),
            port: read.number('recorder.remote.port'),
            ca: text('remote.ca'),
            cert: text('remote.cert'),
            key: text('remote.key'),
            server_name: text('remote.server_name'),
          },
        }
      : {}),
  };
}

/** Half a group is a mistake: somebody believes that the recorder is reachable, or that gateways use it. */
export function elsewhereProblems(
  { recorder, gateway_name }: Settings,
  values: ReadonlyMap<string, unknown>,
): readonly ConfigProblem[] {
  const problem = (key: string, found: string, allowed: string) => ({
    where: 'configuration',
    key: `recorder.${key}`,
    found,
    allowed,
  });
  const half = ([group, names]: readonly ['listen' | 'remote', readonly string[]]) => {
    const isTouched = [...values.keys()].some((key) => key.startsWith(`recorder.${group}.`));
    if (!isTouched || recorder[group] !== undefined) return [];
    const missing = names.filter((name) => !values.has(`recorder.${group}.${name}`));
    return [problem(group, `no ${missing.join(', ')}`, `${names.join(', ')} together, or none of them`)];
  };
  const groups = [['listen', LISTEN] as const, ['remote', REMOTE] as const];
  const nobody = recorder.listen !== undefined && recorder.listen.client_names.length === 0;
  const self = recorder.listen?.client_names.includes(gateway_name) === true;
  const both = recorder.listen !== undefined && recorder.remote !== undefined;
  return [
    ...groups.flatMap(half),
    ...(nobody
      ? [problem('listen.client_names', 'no name', 'the gateway_name of each host that may connect')]
      : []),
    ...(self
      ? [problem('listen.client_names', `'${gateway_name}', the gateway_name of this host`, 'other names')]
      : []),
    ...(both
      ? [problem('remote', 'a recorder here and elsewhere', 'recorder.listen or recorder.remote')]
      : []),
  ];
}
