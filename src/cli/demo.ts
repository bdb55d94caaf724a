import { readFileSync } from 'node:fs';
import { startDemoUpstream } from '../demo/upstream.ts';
import { CliError, EXIT } from './exit.ts';
import { underSupervisor } from './node_child.ts';
import { type Flags, layoutFor } from './options.ts';
import { childSettings } from './run_settings.ts';
import { demoCertificatePaths } from './state.ts';

/** `clawgress demo-upstream`: runs until it is told to stop. */
export async function demoUpstream(flags: Flags): Promise<number> {
  const settings = childSettings(flags);
  const paths = demoCertificatePaths(layoutFor(settings));
  const { address, http_port, https_port } = settings.demo;
  const upstream = await startDemoUpstream({
    address,
    httpPort: http_port,
    httpsPort: https_port,
    certificatePem: readFileSync(paths.certificate, 'utf8'),
    keyPem: readFileSync(paths.key, 'utf8'),
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new CliError(
      EXIT.unavailable,
      `port ${http_port} or ${https_port} of the demo upstream on ${address} is taken`,
      'set demo.http_port and demo.https_port, or start without it: --no-demo',
    );
  });
  await new Promise<void>((resolve) => underSupervisor(() => resolve()).ready());
  await upstream.close();
  return EXIT.ok;
}
