import { readFileSync } from 'node:fs';
import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { type Dial, dialTls, dialUnix } from '../recorder/remote/dial.ts';

/** How this host's gateways reach their recorder. PEM files are read at each attempt: a renewed certificate is used then. */
export function recorderDial({ recorder }: Settings, layout: Layout): Dial {
  const { remote } = recorder;
  if (remote === undefined) return dialUnix(layout.recorder_socket);
  const { host, port, server_name } = remote;
  const pem = (path: string) => readFileSync(path, 'utf8');
  return () =>
    dialTls({
      ...{ host, port, server_name },
      ca: pem(remote.ca),
      cert: pem(remote.cert),
      key: pem(remote.key),
    })();
}
