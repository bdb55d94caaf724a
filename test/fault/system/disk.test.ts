/** Promise: a disk that fails, fills or hangs costs answers, never evidence. */
import { after } from 'node:test';
import { DISK_FAULTS, fullDisk, releaseFullDisk } from './disk.ts';
import { prove } from './proof.ts';

const full = fullDisk();
after(() => releaseFullDisk(full));

prove([...DISK_FAULTS, full]);
