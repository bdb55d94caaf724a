import type { ClientEntry } from '../../../src/clients/client_list.ts';
import type { ClientVariable } from '../../../src/clients/variables.ts';

const CARRIES: Readonly<Record<ClientVariable['carries'], string>> = {
  proxy: 'proxy URL',
  no_exceptions: 'empty: no exceptions',
  ca_replaces: 'CA file, replaces: system roots and ours',
  ca_adds: 'CA file, adds: ours',
  switch: '`1`',
  node_preload: '`--import=` our preload',
  java_options: 'proxy address; trust store when installed',
};

/** Rows of docs/clients.md, from the lists in code. */
export function variableRow({ name, carries, read_by }: ClientVariable): string {
  return `| \`${name}\` | ${CARRIES[carries]} | ${read_by} |`;
}

export function clientRow({ kind, title, trust, installs, not_covered }: ClientEntry): string {
  return `| \`${kind}\` | ${title} | ${trust} | ${installs ?? 'nothing: variables only'} | ${not_covered} |`;
}
