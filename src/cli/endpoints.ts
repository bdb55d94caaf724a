import { existsSync, readFileSync } from 'node:fs';
import type { Layout } from '../config/layout.ts';
import type { Settings, TransparentSettings } from '../config/settings.ts';
import { transparentPorts } from '../config/transparent.ts';
import { writeAtomic } from './state.ts';

/** `run/endpoints.json`: where a running instance is reached. URLs, and absolute paths. */
export interface Endpoints {
  readonly explicit_proxy: string;
  readonly base_url: string;
  readonly metrics: string;
  readonly state_dir: string;
  readonly journal_dir: string;
  /** Trust file for `verify`. */
  readonly public_keys: string;
  readonly ca_bundle: string;
  /** Ports on loopback for redirected connections; absent: off. */
  readonly transparent?: TransparentSettings;
  /** The agents' resolver; absent: off. */
  readonly resolver?: { readonly address: string; readonly port: number };
  readonly demo?: {
    readonly upstream_http: string;
    readonly upstream_https: string;
    /** Read it directly, not through the proxy. */
    readonly hits_url: string;
  };
}

export function endpointsOf(settings: Settings, layout: Layout): Endpoints {
  const { demo, resolver } = settings;
  return {
    explicit_proxy: `http://${authority(settings.explicit_proxy)}`,
    base_url: `http://${authority(settings.base_url)}`,
    metrics: `http://${authority(settings.metrics)}/metrics`,
    state_dir: layout.state_dir,
    journal_dir: layout.journal_dir,
    public_keys: layout.public_keys,
    ca_bundle: layout.ca_bundle,
    ...(transparentPorts(settings).length === 0 ? {} : { transparent: settings.transparent }),
    ...(resolver.port === undefined ? {} : { resolver: { address: resolver.address, port: resolver.port } }),
    ...(demo.enabled
      ? {
          demo: {
            upstream_http: `http://${demo.address}:${demo.http_port}`,
            upstream_https: `https://${demo.address}:${demo.https_port}`,
            hits_url: `http://${demo.address}:${demo.http_port}/__hits`,
          },
        }
      : {}),
  };
}

/** A wildcard address is where we listen, not where a client on this machine connects. */
function authority({ address, port }: { readonly address: string; readonly port: number }): string {
  if (address === '0.0.0.0') return `127.0.0.1:${port}`;
  if (address === '::') return `[::1]:${port}`;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export function writeEndpoints(layout: Layout, endpoints: Endpoints): void {
  writeAtomic(layout.endpoints, `${JSON.stringify(endpoints, null, 2)}\n`, 0o600);
}

/** What the last `up` wrote; undefined when there was none. */
export function readEndpoints(layout: Layout): Endpoints | undefined {
  if (!existsSync(layout.endpoints)) return undefined;
  return JSON.parse(readFileSync(layout.endpoints, 'utf8')) as Endpoints;
}

/** The three ports of the last run, in the order explicit, base URL, metrics. */
export function lastPorts(layout: Layout): readonly number[] {
  const last = readEndpoints(layout);
  if (last === undefined) return [];
  return [last.explicit_proxy, last.base_url, last.metrics].map((url) => Number(new URL(url).port));
}
