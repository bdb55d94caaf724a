import { join, relative } from 'node:path';
import type { Layout } from '../config/layout.ts';
import type { DemoAgent } from './demo_agents.ts';
import type { Endpoints } from './endpoints.ts';
import { PACKAGE_ROOT, PACKAGE_VERSION } from './package_root.ts';
import { quoted } from './shell_word.ts';
import { writePrivate } from './state.ts';

/** One line to paste and what it shows. */
export interface Example {
  readonly expect: string;
  readonly command: string;
}

/** curl files hold the keys, so that neither the terminal nor the process list shows one. */
export function writeCurlFiles(layout: Layout, endpoints: Endpoints, agents: readonly DemoAgent[]): void {
  for (const agent of agents) {
    const lines = [
      `proxy = "${endpoints.explicit_proxy}"`,
      `proxy-user = "${agent.agent_id}:${agent.api_key}"`,
      // An inherited NO_PROXY would send the request past the gateway.
      'noproxy = ""',
      `cacert = "${endpoints.ca_bundle}"`,
    ];
    writePrivate(curlFile(layout, agent.agent_id), `${lines.join('\n')}\n`);
  }
}

function curlFile(layout: Layout, agentId: string): string {
  return join(layout.run_dir, `${agentId}.curl`);
}

export function examples(layout: Layout, endpoints: Endpoints, stateFlag: string): readonly Example[] {
  if (endpoints.demo === undefined) return [];
  const { upstream_http, upstream_https } = endpoints.demo;
  const limited = quoted(curlFile(layout, 'demo-limited'));
  const as = (agent: string) => `curl -si -K ${quoted(curlFile(layout, agent))}`;
  return [
    {
      expect: 'allowed: 200, and the answer names its receipt',
      command: `${as('demo-agent')} ${upstream_http}/hello`,
    },
    { expect: 'allowed, inside a TLS tunnel: 200', command: `${as('demo-agent')} ${upstream_https}/hello` },
    {
      expect: 'denied by policy: 403 with the reason',
      command: `${as('demo-limited')} -X POST -d '{}' ${upstream_http}/echo`,
    },
    {
      expect: 'why was that denied?',
      command: `${cliName()} receipts why --agent demo-limited --last${stateFlag}`,
    },
    {
      expect: 'anonymous: 407',
      command: `curl -si --noproxy '' -x ${endpoints.explicit_proxy} ${upstream_http}/hello`,
    },
    {
      expect: 'rate limit (5 a second, burst 5): 20 requests, about five times 200, then 429',
      command: `curl -s -o /dev/null -w '%{http_code}\\n' -K ${limited} '${upstream_http}/hello?n=[1-20]'`,
    },
  ];
}

/** Printed once everything serves. */
export function readyBlock(
  endpoints: Endpoints,
  lines: readonly Example[],
  policyFile: string,
  seconds: number,
): string {
  const rows = [
    ['explicit proxy', `${endpoints.explicit_proxy}   (HTTP_PROXY and HTTPS_PROXY of an agent)`],
    ['base URL', `${endpoints.base_url}/_to/<host>/<path>   (header x-clawgress-key)`],
    ['metrics', endpoints.metrics],
    ['policy', `${policyFile}   (a change is live within a second)`],
    ['trust', `${endpoints.ca_bundle}   (for agents: certificates where a rule says tls: intercept)`],
    ...transparentRows(endpoints),
    ['state', endpoints.state_dir],
  ] as const;
  const table = rows.map(([name, value]) => `  ${name.padEnd(15)}${value}`).join('\n');
  const tour = lines.map(({ expect, command }) => `  # ${expect}\n  ${command}\n`).join('\n');
  const head = `\nClawgress ${PACKAGE_VERSION} is ready (${seconds.toFixed(1)} s). Ctrl-C stops it.\n\n${table}\n`;
  return tour === '' ? `${head}\n` : `${head}\nTo paste into another terminal:\n\n${tour}\n`;
}

function transparentRows({ transparent, resolver }: Endpoints): readonly (readonly [string, string])[] {
  const ports =
    transparent === undefined
      ? []
      : [
          ...transparent.uid_listeners.map(({ uid, port }) => `${port} for user id ${uid}`),
          ...(transparent.redirect_port === undefined
            ? []
            : [`${transparent.redirect_port} for agents known by header`]),
          ...(transparent.tproxy_port === undefined
            ? []
            : [`${transparent.tproxy_port} for routed agents known by ${transparent.tproxy_identity}`]),
        ];
  return [
    ...(ports.length === 0
      ? []
      : [['transparent', `port ${ports.join(', ')}   (clawgress intercept nftables leads there)`] as const]),
    ...(resolver === undefined ? [] : [['resolver', `${resolver.address} port ${resolver.port}`] as const]),
  ];
}

/** How the user reaches this very CLI from here. */
export function cliName(): string {
  if (PACKAGE_ROOT.includes('/node_modules/')) return 'clawgress';
  const path = relative(process.cwd(), join(PACKAGE_ROOT, 'bin', 'clawgress'));
  return quoted(path.startsWith('..') ? join(PACKAGE_ROOT, 'bin', 'clawgress') : path);
}
