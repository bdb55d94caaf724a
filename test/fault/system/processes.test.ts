/**
 * Promise: whichever process dies or freezes, nothing reaches an upstream without a durable allow decision, and the
 * gateway serves again by itself.
 */
import { fileURLToPath } from 'node:url';
import { inOwnNetwork } from '../../support/own_network.ts';
import { PROCESS_FAULTS } from './processes.ts';

if (await inOwnNetwork(fileURLToPath(import.meta.url))) (await import('./proof.ts')).prove(PROCESS_FAULTS);
