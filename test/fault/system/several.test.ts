/** Promise: with several gateways around one recorder, whichever of them dies, nothing goes out unproven. */
import { fileURLToPath } from 'node:url';
import { inOwnNetwork } from '../../support/own_network.ts';
import { SEVERAL_FAULTS } from './several.ts';

if (await inOwnNetwork(fileURLToPath(import.meta.url))) (await import('./proof.ts')).prove(SEVERAL_FAULTS);
