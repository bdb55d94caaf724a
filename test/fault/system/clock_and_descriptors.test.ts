/** Promises: a clock that jumps and a process without file descriptors change no verdict and lose no record. */
import { CLOCK_FAULTS, DESCRIPTOR_FAULTS } from './clock_and_descriptors.ts';
import { prove } from './proof.ts';

prove([...CLOCK_FAULTS, ...DESCRIPTOR_FAULTS]);
