/** Promise: with several gateways around one recorder, whichever of them dies, nothing goes out unproven. */
import { prove } from './proof.ts';
import { SEVERAL_FAULTS } from './several.ts';

prove(SEVERAL_FAULTS);
