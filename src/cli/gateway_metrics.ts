import { mergeExpositions } from '../telemetry/merge.ts';
import { type MetricsServer, startMetricsServer } from '../telemetry/metrics_server.ts';
import { askGateway } from './gateway_client.ts';
import type { ChildProcess } from './gateway_life.ts';

/** A gateway that hangs must not hold up what is said about the others. */
const SIBLING_MS = 1_000;

/** One gateway of this host as its siblings see it. */
export interface GatewayFacts {
  readonly gateway_id: string;
  readonly serving: boolean;
}

/** What the process that answers for its host says about itself. */
export interface Spokesman {
  isHealthy(): boolean;
  /** Members of `/ready`. */
  facts(): object;
  /** When it is a gateway itself. */
  own?(): GatewayFacts;
}

interface GatewayStatus extends GatewayFacts {
  readonly checks_in_flight: number;
  readonly key_last_used: Readonly<Record<string, number>>;
}

/**
 * One endpoint for all processes of this host: samples carry the label `process`, and `clawgress_process_up` says which
 * of them answered. Ready when the recorder is reached and at least one gateway serves.
 */
export async function exposeAll(child: ChildProcess, name: string, self: Spokesman): Promise<MetricsServer> {
  const { settings, metrics } = child;
  const { contentType } = metrics.registry;
  return await startMetricsServer({
    ...settings.metrics,
    exposition: async () => {
      const others = await Promise.all(siblings(child, name).map(metricsOf));
      const own = { process: name, text: await metrics.registry.metrics() };
      const up = [
        { process: name, up: 1 },
        ...others.map(({ process, text }) => ({ process, up: text === '' ? 0 : 1 })),
      ];
      return { contentType, text: mergeExpositions([own, ...others]) + upText(up) };
    },
    healthy: () => self.isHealthy(),
    ready: async () => {
      const own = self.own?.();
      const asked = await gatewayStatuses(child, name);
      const gateways = [...(own === undefined ? [] : [own]), ...asked].map(({ gateway_id, serving }) => ({
        gateway_id,
        serving,
      }));
      const ready = self.isHealthy() && gateways.some(({ serving }) => serving);
      return { ready, ...self.facts(), gateways };
    },
  });
}

/** Of each gateway of this host but `self`; one that does not answer is not serving. */
export async function gatewayStatuses(child: ChildProcess, self: string): Promise<readonly GatewayStatus[]> {
  return await Promise.all(
    siblings(child, self).map(async ({ name, socket }) => {
      const answer = await askGateway(socket, 'GET', '/status', SIBLING_MS).catch(() => undefined);
      const gone: GatewayStatus = {
        gateway_id: name,
        serving: false,
        checks_in_flight: 0,
        key_last_used: {},
      };
      return (answer as GatewayStatus | undefined) ?? gone;
    }),
  );
}

interface Sibling {
  readonly name: string;
  readonly socket: string;
}

function siblings({ settings, layout }: ChildProcess, self: string): readonly Sibling[] {
  return layout.gateway_sockets
    .map((socket, index) => ({ name: `${settings.gateway_name}-${index + 1}`, socket }))
    .filter(({ name }) => name !== self);
}

async function metricsOf({ name, socket }: Sibling): Promise<{ process: string; text: string }> {
  const text = await askGateway(socket, 'GET', '/metrics', SIBLING_MS).catch(() => undefined);
  return { process: name, text: typeof text === 'string' ? text : '' };
}

function upText(processes: readonly { readonly process: string; readonly up: number }[]): string {
  const name = 'clawgress_process_up';
  const lines = processes.map(({ process, up }) => `${name}{process="${process}"} ${up}`);
  return [`# HELP ${name} 1 when the process answered`, `# TYPE ${name} gauge`, ...lines, ''].join('\n');
}
