import type { Settings } from '../config/settings.ts';

/** One gateway, and no recorder elsewhere nor one that others reach: both run in one process. */
export function hasOwnRecorder({ gateways, recorder }: Settings): boolean {
  return gateways === 1 && recorder.remote === undefined && recorder.listen === undefined;
}
