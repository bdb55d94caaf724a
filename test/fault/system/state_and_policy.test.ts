/** Promises: a bad policy bundle changes nothing, and a state folder from the past is not continued. */
import { prove } from './proof.ts';
import { STATE_FAULTS } from './state_and_policy.ts';

prove(STATE_FAULTS);
