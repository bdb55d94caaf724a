import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { envoyConfig, renderConfig } from '../intercept/config/bootstrap.ts';
import { configInput } from '../intercept/config/input.ts';
import { withoutIpv6 } from '../intercept/ipv6.ts';

/** Stands in for the stamp, which is a secret, unless the caller asks for the real one. */
const STAMP_PLACEHOLDER = 'replace-with-the-stamp';

export interface EnvoyConfigOptions {
  readonly settings: Settings;
  readonly layout: Layout;
  /** Content of `layout.stamp`, when the printed configuration is meant to run. */
  readonly stamp?: string;
  readonly epoch?: string;
  readonly write: (text: string) => void;
}

/** `clawgress envoy config`: prints the configuration that `up` would run with these settings. Throws on bad CIDRs. */
export async function envoyConfigCommand(options: EnvoyConfigOptions): Promise<void> {
  const { settings, layout } = options;
  const epoch = options.epoch ?? '000000-00000000';
  const input = configInput(settings, {
    epoch,
    stamp: options.stamp ?? STAMP_PLACEHOLDER,
    authz_sockets: layout.authz_sockets,
    relay_sockets: layout.relay_sockets,
    relay_h2_sockets: layout.relay_h2_sockets,
    relay_out_socket: layout.relay_out_socket,
    ...withoutIpv6(),
    admin_socket: layout.envoy_admin_socket,
    access_log: `${layout.envoy_dir}/${epoch}/access.log`,
  });
  options.write(renderConfig(envoyConfig(input)));
}
