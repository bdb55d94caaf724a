import { CLOCK_FAULTS, DESCRIPTOR_FAULTS } from './clock_and_descriptors.ts';
import { DISK_FAULTS, fullDisk } from './disk.ts';
import type { Fault } from './fault.ts';
import { PROCESS_FAULTS } from './processes.ts';
import { SEVERAL_FAULTS } from './several.ts';
import { STATE_FAULTS } from './state_and_policy.ts';

/** Everything that the table of results shows, in its order. `disk full` must be released afterwards. */
export function allFaults(): { readonly faults: readonly Fault[]; readonly full: Fault } {
  const full = fullDisk();
  return {
    faults: [
      ...PROCESS_FAULTS,
      ...SEVERAL_FAULTS,
      ...DISK_FAULTS,
      full,
      ...CLOCK_FAULTS,
      ...DESCRIPTOR_FAULTS,
      ...STATE_FAULTS,
    ],
    full,
  };
}
