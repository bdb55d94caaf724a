import { readFileSync } from 'node:fs';
import type { Environment } from '../config/environment.ts';
import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { envoyConfig, renderConfig } from '../intercept/config/bootstrap.ts';
import { configInput } from '../intercept/config/input.ts';
import { locateEnvoy } from '../intercept/envoy_binary.ts';
import { type EnvoyExit, openEnvoyProcess } from '../intercept/envoy_process.ts';
import { withoutIpv6 } from '../intercept/ipv6.ts';
import type { Logger } from '../telemetry/logger.ts';
import { CliError, EXIT } from './exit.ts';
import { ENVOY_CACHE_DIR } from './package_root.ts';
import type { Part } from './supervise.ts';

const SHOWN_LINES = 5;

/** The Envoy that this installation uses. Throws with the ways out when there is none. */
export async function findEnvoy(settings: Settings, env: Environment) {
  const bin = settings.envoy.bin ?? env['ENVOY_BIN'];
  const found = await locateEnvoy({
    ...(bin === undefined || bin === '' ? {} : { bin }),
    path: env['PATH'] ?? '',
    cacheDir: ENVOY_CACHE_DIR,
  });
  if (found.ok) return found.value;
  throw new CliError(EXIT.unavailable, found.problem.message, 'npm start sets everything up, Envoy included');
}

/** Envoy as a supervised part. Ends what an earlier, killed supervisor left running. */
export async function envoyPart(settings: Settings, layout: Layout, bin: string, log: Logger): Promise<Part> {
  const stamp = readFileSync(layout.stamp, 'utf8').trim();
  let ended: (how: string) => void = () => {};
  const envoy = await openEnvoyProcess({
    bin,
    envoyDir: layout.envoy_dir,
    adminSocket: layout.envoy_admin_socket,
    concurrency: settings.envoy.concurrency,
    render: ({ epoch, accessLog }) =>
      renderConfig(
        envoyConfig(
          configInput(settings, {
            epoch,
            stamp,
            authz_sockets: layout.authz_sockets,
            relay_sockets: layout.relay_sockets,
            relay_h2_sockets: layout.relay_h2_sockets,
            relay_out_socket: layout.relay_out_socket,
            ...withoutIpv6(),
            admin_socket: layout.envoy_admin_socket,
            access_log: accessLog,
          }),
        ),
      ),
    on: {
      exited(exit: EnvoyExit) {
        if (!exit.expected)
          log.error({ said: exit.stderr.slice(-SHOWN_LINES) }, `envoy ended (${exit.cause})`);
        ended(exit.cause);
      },
    },
  });
  return {
    name: 'envoy',
    async start() {
      const gone = new Promise<string>((resolve) => {
        ended = resolve;
      });
      await envoy.start();
      return {
        gone,
        stop: () => envoy.stop(),
        kill: () => {
          if (envoy.pid !== undefined) process.kill(envoy.pid, 'SIGKILL');
        },
      };
    },
  };
}
