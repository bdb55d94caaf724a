/** Promise: a disk that fails, fills or hangs costs answers, never evidence. */
import { after } from 'node:test';
import { DISK_FAULTS, FULL_DISK_FAULTS, releaseFullDisks } from './disk.ts';
import { prove } from './proof.ts';

after(releaseFullDisks);

prove([...DISK_FAULTS, ...FULL_DISK_FAULTS]);
