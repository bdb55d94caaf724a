import { CLOCK_FAULTS, DESCRIPTOR_FAULTS } from './clock_and_descriptors.ts';
import { DISK_FAULTS, FULL_DISK_FAULTS } from './disk.ts';
import type { Fault } from './fault.ts';
import { PROCESS_FAULTS } from './processes.ts';
import { READER_FAULTS } from './readers.ts';
import { SEVERAL_FAULTS } from './several.ts';
import { STATE_FAULTS } from './state_and_policy.ts';

/** Everything that the table of results shows, in its order. The full disks must be released afterwards. */
export const ALL_FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...READER_FAULTS,
  ...SEVERAL_FAULTS,
  ...DISK_FAULTS,
  ...FULL_DISK_FAULTS,
  ...CLOCK_FAULTS,
  ...DESCRIPTOR_FAULTS,
  ...STATE_FAULTS,
];
