import type { Settings } from '../config/settings.ts';
import { exportUrl } from '../intercept/config/collector.ts';
import type { Tracing } from '../telemetry/traces.ts';
import { PACKAGE_VERSION } from './package_root.ts';

/** Undefined when the settings name no collector; the tracing library is not even loaded then. */
export async function openTracing(
  { tracing }: Pick<Settings, 'tracing'>,
  instance: string,
): Promise<Tracing | undefined> {
  const { otlp_endpoint, sample_percent } = tracing;
  if (otlp_endpoint === undefined) return undefined;
  const { startTracing } = await import('../telemetry/traces.ts');
  const endpoint = exportUrl({ otlp_endpoint, sample_percent });
  return startTracing({ endpoint, instance, version: PACKAGE_VERSION });
}
