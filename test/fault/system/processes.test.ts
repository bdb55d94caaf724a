/**
 * Promise: whichever process dies or freezes, nothing reaches an upstream without a durable allow decision, and the
 * gateway serves again by itself.
 */

import { PROCESS_FAULTS } from './processes.ts';
import { prove } from './proof.ts';

prove(PROCESS_FAULTS);
